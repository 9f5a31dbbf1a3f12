package dev.vivarium.protocol.message;

import java.util.List;
import java.util.Map;

/**
 * HELLO of a worker: what it can do.
 *
 * @param versions protocol versions
 * @param codecs codecs, best first
 * @param features optional features
 * @param pid its process id
 * @param implementation such as {@code cpython}
 * @param python such as {@code 3.11.7}
 * @param runtime version of the worker runtime
 * @param stacksSignal the signal on which it writes what its threads do to its stacks connection; 0 when it does not
 * @param monotonicNanos what its monotonic clock showed when it sent this; 0 when it does not say
 * @param accelerators optional modules found, with their versions
 */
public record WorkerHello(
        List<Integer> versions,
        List<String> codecs,
        List<String> features,
        long pid,
        String implementation,
        String python,
        String runtime,
        int stacksSignal,
        long monotonicNanos,
        Map<String, String> accelerators) {}
