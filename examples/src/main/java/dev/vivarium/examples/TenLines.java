package dev.vivarium.examples;

import dev.vivarium.PoolConfig;
import dev.vivarium.PythonException;
import dev.vivarium.PythonPool;

/** The README's program. */
public final class TenLines {

    private TenLines() {}

    /** Runs with {@code handlers.py} in the working directory. */
    public static void main(String[] args) throws InterruptedException {
        PoolConfig config =
                PoolConfig.builder().handlers("handlers.py").workers(2).build();
        try (PythonPool pool = PythonPool.start(config)) {
            int words = pool.call("count_words", Integer.class, "to be or not to be")
                    .await();
            System.out.println(words + " words");
            pool.call("count_words", Integer.class, 42).await(); // raises in Python
        } catch (PythonException e) {
            System.out.println("Python says " + e.pythonType() + "; ran: " + e.execution());
        }
    }
}
