package dev.vivarium.cli;

import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Ctrl-C and SIGTERM. The first asks for an orderly end; the second leaves at once.
 *
 * <p>Uses {@code sun.misc.Signal}, the only way for Java to see a second Ctrl-C; by reflection, because the compiler warns
 * of it and that warning cannot be switched off in one place. Where it is missing, signals end the process at once.
 */
final class Interrupts {

    private final AtomicInteger status = new AtomicInteger();

    /** Has {@code orderly} run at the first signal. */
    void install(Runnable orderly) {
        handle("INT", ExitCode.INTERRUPTED, orderly);
        handle("TERM", ExitCode.TERMINATED, orderly);
    }

    private void handle(String name, int exitStatus, Runnable orderly) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object proxy = Proxy.newProxyInstance(
                    Interrupts.class.getClassLoader(), new Class<?>[] {handler}, (self, method, arguments) -> {
                        if (method.getName().equals("handle")) {
                            received(exitStatus, orderly);
                        }
                        return null;
                    });
            signal.getMethod("handle", signal, handler)
                    .invoke(null, signal.getConstructor(String.class).newInstance(name), proxy);
        } catch (ReflectiveOperationException e) {
            // Not this JDK: the default stays, which ends the process, and with it the guardian and the workers.
            status.set(0);
        }
    }

    private void received(int exitStatus, Runnable orderly) {
        if (status.compareAndSet(0, exitStatus)) {
            // Not on the signal's thread: while it runs, a second signal would have to wait.
            Thread thread = new Thread(orderly, "vivarium-interrupt");
            thread.setDaemon(true);
            thread.start();
        } else {
            // Ends the guardian's lifeline, and with that every worker within milliseconds.
            Runtime.getRuntime().halt(exitStatus);
        }
    }

    /** Returns the exit status of the first signal, or 0 when there was none. */
    int status() {
        return status.get();
    }
}
