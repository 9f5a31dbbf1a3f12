package dev.vivarium;

import java.util.List;

/**
 * Whether workers are forked from a template, and what that has loaded. A template is one more Python process of a pool: it loads
 * modules once, and each worker begins as a copy of it, whose memory is shared until it is written to. Linux only. The template
 * is on when it is {@code enabled}, or has anything to preload. Immutable; every method returns a changed copy.
 *
 * @param enabled whether there is a template though it preloads nothing
 * @param preload modules that it imports, in this order; at most {@link #MOST_MODULES}
 * @param handlers whether it loads the handlers too. Then workers do not see a handler that was edited
 * @param forkSafe of what is preloaded, modules and handler sources that may have threads: workers do without these
 * @param spares processes that are forked ahead of time; 0 to {@link #MOST_SPARES}
 * @param fallback whether the pool starts, with workers that load everything themselves, though the template cannot
 */
public record TemplatePolicy(
        boolean enabled, List<String> preload, boolean handlers, List<String> forkSafe, int spares, boolean fallback) {

    /** The most modules that can be preloaded by name. */
    public static final int MOST_MODULES = 100;

    /** The most spares. */
    public static final int MOST_SPARES = 64;

    /** No template; were there one, it would have one spare. */
    public static final TemplatePolicy DEFAULT = new TemplatePolicy(false, List.of(), false, List.of(), 1, false);

    /** Copies the lists. */
    public TemplatePolicy {
        preload = List.copyOf(preload);
        forkSafe = List.copyOf(forkSafe);
    }

    /** Returns whether there is a template. */
    public boolean isOn() {
        return enabled || handlers || !preload.isEmpty();
    }

    /** Sets whether there is a template though it preloads nothing. */
    public TemplatePolicy enabled(boolean value) {
        return new TemplatePolicy(value, preload, handlers, forkSafe, spares, fallback);
    }

    /** Sets the modules that the template imports. */
    public TemplatePolicy preload(String... modules) {
        return preload(List.of(modules));
    }

    /** Sets the modules that the template imports. */
    public TemplatePolicy preload(List<String> modules) {
        return new TemplatePolicy(enabled, modules, handlers, forkSafe, spares, fallback);
    }

    /** Sets whether the template loads the handlers too. */
    public TemplatePolicy handlers(boolean value) {
        return new TemplatePolicy(enabled, preload, value, forkSafe, spares, fallback);
    }

    /** Sets which of what is preloaded may have threads. */
    public TemplatePolicy forkSafe(List<String> sources) {
        return new TemplatePolicy(enabled, preload, handlers, sources, spares, fallback);
    }

    /** Sets how many processes are forked ahead of time. */
    public TemplatePolicy spares(int count) {
        return new TemplatePolicy(enabled, preload, handlers, forkSafe, count, fallback);
    }

    /** Sets whether the pool starts though the template cannot. */
    public TemplatePolicy fallback(boolean value) {
        return new TemplatePolicy(enabled, preload, handlers, forkSafe, spares, value);
    }
}
