package dev.vivarium.bench;

import java.util.function.LongConsumer;

/** One of the things that are compared with each other. */
@FunctionalInterface
public interface Subject {

    /**
     * Makes calls, and returns when all have been answered.
     *
     * @param calls how many
     * @param nanos is told, on the calling thread or on one whose work this method has waited for, how long each call took; not at
     *     all by subjects that say nothing about single calls
     * @throws Exception when a call fails, or the thread is interrupted
     */
    void run(int calls, LongConsumer nanos) throws Exception;
}
