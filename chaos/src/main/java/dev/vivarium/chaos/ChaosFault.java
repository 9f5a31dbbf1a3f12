package dev.vivarium.chaos;

import dev.vivarium.Signal;
import java.time.Duration;

/**
 * What a scenario has happen. Those of {@link OfPool} befall the pool as a whole, the others each of an injection's targets.
 */
public sealed interface ChaosFault {

    /** A fault that has no worker for a target. */
    sealed interface OfPool extends ChaosFault {}

    /** A fault that the kit's proxy does to frames. */
    sealed interface OfFrames extends ChaosFault {}

    /** A fault that the runner's own handlers do, in the next call of {@code call} or {@code safe} that the worker gets. */
    sealed interface InPython extends ChaosFault {}

    /**
     * The worker gets a signal. STOP is healed by CONT.
     *
     * @param at where in a call
     */
    record Signalled(Signal signal, KillPoint at) implements ChaosFault {}

    /** The guardian gets SIGKILL, and every worker dies with it. */
    record GuardianKilled() implements OfPool {}

    /** The process exits by itself when a handler has started. */
    record Exited(int status) implements ChaosFault {}

    /** A handler that has started holds the interpreter lock, and heeds nothing, until the fault is healed. */
    record Hung() implements ChaosFault {}

    /**
     * Frames come late, and those behind them.
     *
     * @param by how late
     * @param jitter how much more or less than that at most, drawn for each frame
     * @param correlation how much a frame's draw is like the one before it, 0 to 1
     * @param share which share of the frames, above 0 to 1
     */
    record Delayed(Direction direction, Duration by, Duration jitter, double correlation, double share)
            implements OfFrames {}

    /**
     * Something becomes of frames.
     *
     * @param share which share of the frames, above 0 to 1
     */
    record Frames(FrameEffect effect, Direction direction, double share) implements OfFrames {}

    /** Frames are held back from the next call, or answer, on, until the fault is healed. */
    record Partitioned(Direction direction) implements OfFrames {}

    /**
     * The worker takes memory with each call, and keeps it until the fault is healed.
     *
     * @param bytes how much with each call
     * @param most how much in all; with the same as {@code bytes} it is one step
     */
    record Grown(long bytes, long most) implements InPython {}

    /** The next call burns the processor for a time, in Python code, before it does its work. */
    record Burned(Duration time) implements InPython {}

    /** The worker starts threads that wait until the fault is healed. */
    record Threads(int count) implements InPython {}

    /** The worker opens files, as many as asked for or as it may, and keeps them until the fault is healed. */
    record Descriptors(int count) implements InPython {}
}
