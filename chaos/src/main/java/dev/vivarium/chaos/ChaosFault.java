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

    /** Another process of the pool's gets a signal. STOP is healed by CONT. */
    record PoolSignalled(PoolProcess process, Signal signal) implements OfPool {}

    /**
     * The JVM in which pool, load and runner are is stopped, by a process beside it, which lets it go on.
     *
     * @param time for how long, from when it is stopped; shorter when the fault's time to live ends before
     */
    record JvmPaused(Duration time) implements OfPool {}

    /**
     * The file system in which the pool makes shared memory is filled until nothing more can be had. It lands where that takes little:
     * the pool's {@code attachments.shared-folder} is in a small file system, as {@code /dev/shm} is in many containers.
     *
     * @param most how many bytes it may take; where more are free, nothing is done
     */
    record SharedMemoryFilled(long most) implements OfPool {}

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

    /**
     * Frames come in pieces.
     *
     * @param bytes how many in each piece
     * @param pause before each piece but the first
     * @param share which share of the frames, above 0 to 1
     */
    record Sliced(Direction direction, int bytes, Duration pause, double share) implements OfFrames {}

    /**
     * Frames come as slowly as a line of that width carries them, from the next call, or answer, on, until the fault is healed.
     *
     * @param bytesPerSecond how many
     */
    record Throttled(Direction direction, long bytesPerSecond) implements OfFrames {}

    /** Frames are held back from the next call, or answer, on, until the fault is healed. */
    record Partitioned(Direction direction) implements OfFrames {}

    /** The same, but each of the targets is healed at a drawn moment of its time to live, so in another order than they were cut off. */
    record Swizzled(Direction direction) implements OfFrames {}

    /** A worker lies about its health. It takes a pool that checks: {@code health-interval} below the fault's time to live. */
    record HealthLied(HealthLie lie) implements OfFrames {}

    /**
     * A worker that is started meanwhile tells late that it is ready.
     *
     * @param by how late
     */
    record SlowStarted(Duration by) implements OfFrames {}

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

    /**
     * The worker opens files, as many as asked for or as it may, and keeps them until the fault is healed. It may open four more
     * meanwhile, which the kit's record takes.
     */
    record Descriptors(int count) implements InPython {}

    /**
     * Each of the worker's calls writes a file that may not become so large, as on a full disk, and fails with the {@code OSError} that
     * this is. The limit is the process's own (RLIMIT_FSIZE), so the error is EFBIG and not ENOSPC.
     *
     * @param bytes how large files may become
     */
    record DiskFilled(long bytes) implements InPython {}
}
