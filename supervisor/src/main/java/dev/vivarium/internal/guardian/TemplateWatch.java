package dev.vivarium.internal.guardian;

import dev.vivarium.PoolEvent;
import dev.vivarium.PoolStartFailed;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.protocol.message.TemplateNews;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How the pool's template fares, and what follows from it. The workers of a new guardian wait until it is known whether its
 * template is ready; from then on nothing waits for a template. Used by the guardian's actor only.
 */
final class TemplateWatch {

    private static final Logger log = LoggerFactory.getLogger(TemplateWatch.class);

    private final PoolContext context;
    private boolean awaited;
    private boolean everReady;
    private String lastDetail = "";

    TemplateWatch(PoolContext context) {
        this.context = context;
    }

    /** A guardian is up, and has a template started if there is to be one. */
    void guardianUp() {
        awaited = context.config().template().isOn();
    }

    /** Returns whether workers are to wait: it is not known yet whether there is a template. */
    boolean isAwaited() {
        return awaited;
    }

    /** Takes news; returns why the pool cannot start, or null. */
    @Nullable
    PoolStartFailed on(TemplateNews news) {
        awaited = false;
        if (news.state().equals(TemplateNews.READY)) {
            everReady = true;
            lastDetail = "";
            context.events()
                    .publish(new PoolEvent.TemplateStarted(
                            news.pid(),
                            Duration.of(news.loadMicros(), ChronoUnit.MICROS),
                            context.clock().now()));
            return null;
        }
        boolean lost = news.state().equals(TemplateNews.LOST);
        context.events()
                .publish(
                        lost
                                ? new PoolEvent.TemplateLost(
                                        news.detail(), context.clock().now())
                                : new PoolEvent.TemplateFailed(
                                        news.detail(), context.clock().now()));
        if (!lost && !everReady && !context.config().template().fallback()) {
            return new PoolStartFailed(
                    PoolStartFailed.Reason.TEMPLATE_NOT_LOADED,
                    "the template of the workers cannot be used: " + news.detail()
                            + "; with template.fallback = true workers would start without it",
                    null);
        }
        if (!news.detail().equals(lastDetail)) { // It is tried again and again.
            lastDetail = news.detail();
            log.warn(
                    "the template of pool {} {}: {}; until another is ready, new workers load everything themselves",
                    context.config().name(),
                    lost ? "was lost" : "cannot be used",
                    news.detail());
        }
        return null;
    }
}
