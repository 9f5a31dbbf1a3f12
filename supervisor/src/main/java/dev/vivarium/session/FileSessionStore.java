package dev.vivarium.session;

import dev.vivarium.SessionRefused;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;
import org.h2.store.fs.FileUtils;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps sessions in a file, as durably as it is told. The file belongs to one store in one JVM at a time. What would exceed a
 * limit is refused. Thread-safe.
 *
 * <p>One thread does everything: what arrives while it writes is written together, with one flush for all of it. The file is
 * H2's MVStore: append-only chunks, each with a checksum, of which the last whole one counts when the file is opened. After an
 * error in writing it is opened again by itself, when something is asked: at once, then after 100 ms, and twice as long each time up
 * to 30 s. What is asked meanwhile fails; what was answered before is not forgotten. A file that is gone by then, or empty, is not made
 * anew: everything fails until it is back.
 */
public final class FileSessionStore implements SessionStore {

    /** Requests that may wait for the thread; one more fails. */
    public static final int QUEUE_CAPACITY = 100_000;

    private static final Logger log = LoggerFactory.getLogger(FileSessionStore.class);
    private static final int RETENTION_MS = 5000;
    private static final int CACHE_MIB = 16;
    private static final int TOGETHER = 1000;
    private static final String MAP = "sessions";

    /** How long after a vain try to open the file again there is no other; twice as long each time. */
    private static final long FIRST_WAIT_MS = 100;

    private static final long LAST_WAIT_MS = 30_000;
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(10);

    private record Request<T>(Callable<T> work, CompletableFuture<T> answer, boolean writes) {}

    /** Requests of which everything is done but the flush. */
    private record Done<T>(CompletableFuture<T> answer, T value) {
        void tell() {
            answer.complete(value);
        }
    }

    private final String name;
    private final Durability durability;
    private final long maxStateBytes;
    private final long maxTotalBytes;
    private final LinkedBlockingQueue<Request<?>> requests = new LinkedBlockingQueue<>(QUEUE_CAPACITY);
    private final AtomicBoolean called = new AtomicBoolean();
    private final ScheduledThreadPoolExecutor thread;
    // Used by the thread only.
    private MVStore file;
    private MVMap<String, byte[]> sessions;
    // What was put into the file since it was written last, null for what was removed: its caller may have been
    // answered.
    private final Map<String, byte @Nullable []> unwritten = new HashMap<>();
    private @Nullable Throwable trouble;
    private boolean waits;
    private long patience = FIRST_WAIT_MS;
    private long bytes;
    private boolean flushDue;
    private Iterator<String> sweep = List.<String>of().iterator();

    private FileSessionStore(String name, MVStore file, Durability durability, long maxStateBytes, long maxTotalBytes) {
        this.name = name;
        this.file = file;
        this.sessions = file.openMap(MAP);
        this.durability = durability;
        this.maxStateBytes = maxStateBytes;
        this.maxTotalBytes = maxTotalBytes;
        this.thread = new ScheduledThreadPoolExecutor(1, task -> {
            Thread worker = new Thread(task, "vivarium-session-store");
            worker.setDaemon(true);
            return worker;
        });
        this.thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        count();
    }

    private void count() {
        bytes = 0;
        sessions.forEach((session, stored) -> bytes += session.length() + stored.length);
    }

    /**
     * Opens a store, and makes its file if there is none. Blocks while an existing file is read through once.
     *
     * @param path the file; its folder must exist
     * @param maxStateBytes the most that one session may take
     * @param maxTotalBytes the most that all of them may take together
     * @throws IOException when the file cannot be opened, or another JVM has it
     * @throws IllegalArgumentException when a limit is not positive
     */
    public static FileSessionStore open(Path path, Durability durability, long maxStateBytes, long maxTotalBytes)
            throws IOException {
        if (maxStateBytes < 1 || maxTotalBytes < 1) {
            throw new IllegalArgumentException(
                    "maxStateBytes and maxTotalBytes must be >= 1, got " + maxStateBytes + " and " + maxTotalBytes);
        }
        return open(path.toAbsolutePath().toString(), durability, maxStateBytes, maxTotalBytes);
    }

    static FileSessionStore open(String name, Durability durability, long maxStateBytes, long maxTotalBytes)
            throws IOException {
        try {
            return new FileSessionStore(name, opened(name), durability, maxStateBytes, maxTotalBytes);
        } catch (RuntimeException e) {
            throw new IOException("the session store " + name + " cannot be opened: " + e.getMessage(), e);
        }
    }

    private static MVStore opened(String name) {
        MVStore file = new MVStore.Builder()
                .fileName(name)
                .autoCommitDisabled()
                .cacheSize(CACHE_MIB)
                .open();
        file.setRetentionTime(RETENTION_MS);
        return file;
    }

    /**
     * Makes the file usable again after an error in writing it, upon which it closes itself. Tried when something is asked of
     * it, and not again for a while when it fails.
     */
    private void ensureOpen() throws IOException {
        if (trouble == null && !file.isClosed()) {
            return;
        }
        if (!waits) {
            waits = true; // Also when it goes well: as long as nothing could be written, that says little.
            var unused = thread.schedule(() -> waits = false, patience, TimeUnit.MILLISECONDS);
            patience = Math.min(LAST_WAIT_MS, patience * 2);
            try {
                reopen();
                return;
            } catch (RuntimeException e) {
                trouble = e;
            }
        }
        throw new IOException(
                "the session store " + name + " could not be written, and not be opened again yet: " + trouble,
                trouble);
    }

    private void reopen() {
        file.closeImmediately();
        // Whoever opens it makes it where there is none: that would forget every session, and tell nobody.
        if (!FileUtils.exists(name) || FileUtils.size(name) == 0) {
            throw new IllegalStateException("its file is gone, or is empty");
        }
        file = opened(name);
        sessions = file.openMap(MAP);
        unwritten.forEach((session, stored) -> {
            byte[] unused = stored == null ? sessions.remove(session) : sessions.put(session, stored);
        });
        count();
        if (!unwritten.isEmpty()) {
            write();
        }
        sweep = List.<String>of().iterator();
        log.warn("the session store {} could not be written, and was opened again", name);
        trouble = null;
    }

    /** Hands all changes to the operating system. */
    private void write() {
        file.commit();
        if (durability instanceof Durability.Fsync) {
            file.sync();
        }
        unwritten.clear();
        patience = FIRST_WAIT_MS;
    }

    @Override
    public CompletionStage<Optional<SessionRecord>> load(String session) {
        return ask(() -> Optional.ofNullable(stored(session)), false);
    }

    private @Nullable SessionRecord stored(String session) throws IOException {
        byte[] bytesOf = sessions.get(session);
        return bytesOf == null ? null : RecordFormat.read(bytesOf);
    }

    @Override
    public CompletionStage<Commit> commit(String session, long expected, SessionUpdate update) {
        return ask(() -> write(session, expected, update), true);
    }

    private Commit write(String session, long expected, SessionUpdate update) throws IOException {
        byte[] present = sessions.get(session);
        SessionRecord before = present == null ? SessionRecord.NEW : RecordFormat.read(present);
        if (before.revision() != expected) {
            return new Commit.Conflict(before.revision());
        }
        SessionRecord next = before.with(update);
        long size = session.length() + next.bytes();
        if (size > maxStateBytes) {
            return new Commit.Refused(SessionRefused.Reason.SESSION_QUOTA, maxStateBytes, size);
        }
        byte[] encoded = RecordFormat.write(next);
        long more = (long) encoded.length - (present == null ? -session.length() : present.length);
        if (more > 0 && bytes + more > maxTotalBytes) {
            return new Commit.Refused(SessionRefused.Reason.TOTAL_QUOTA, maxTotalBytes, bytes + more);
        }
        sessions.put(session, encoded);
        unwritten.put(session, encoded);
        bytes += more;
        return new Commit.Committed(next);
    }

    @Override
    public CompletionStage<Boolean> remove(String session) {
        return ask(() -> forget(session), true);
    }

    private boolean forget(String session) {
        byte[] removed = sessions.remove(session);
        if (removed != null) {
            unwritten.put(session, null);
            bytes -= session.length() + removed.length;
        }
        return removed != null;
    }

    @Override
    public CompletionStage<Integer> removeExpired(Instant now, int atMost) {
        return ask(
                () -> {
                    int removed = 0;
                    for (int looked = 0; looked < atMost; looked++) {
                        if (!sweep.hasNext()) {
                            sweep = sessions.keyIterator(null);
                            break;
                        }
                        String session = sweep.next();
                        byte[] present = sessions.get(session);
                        if (present != null && RecordFormat.expiry(present).isBefore(now) && forget(session)) {
                            removed++;
                        }
                    }
                    return removed;
                },
                true);
    }

    private <T> CompletableFuture<T> ask(Callable<T> work, boolean writes) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        if (!requests.offer(new Request<>(work, answer, writes))) {
            answer.completeExceptionally(new IOException(
                    "the session store does not keep up: " + QUEUE_CAPACITY + " requests wait, which is the limit"));
            return answer;
        }
        call(answer);
        return answer;
    }

    private void call(CompletableFuture<?> answer) {
        if (called.compareAndSet(false, true)) {
            try {
                thread.execute(this::serve);
            } catch (RejectedExecutionException e) {
                answer.completeExceptionally(new IOException("the session store is closed"));
            }
        }
        if (thread.isShutdown()) {
            refuseAll();
        }
    }

    private void refuseAll() {
        for (Request<?> left = requests.poll(); left != null; left = requests.poll()) {
            left.answer().completeExceptionally(new IOException("the session store is closed"));
        }
    }

    private void serve() {
        called.set(false);
        List<Done<?>> done = new ArrayList<>();
        List<Request<?>> taken = new ArrayList<>();
        requests.drainTo(taken, TOGETHER);
        boolean writes = false;
        for (Request<?> request : taken) {
            writes |= request.writes();
            carryOut(request, done);
        }
        if (!writes || flushed(done)) {
            done.forEach(Done::tell);
        }
        Request<?> next = requests.peek();
        if (next != null) {
            call(next.answer());
        }
    }

    @SuppressWarnings("CatchingUnchecked") // Whatever is wrong with the file: its caller is owed an outcome.
    private <T> void carryOut(Request<T> request, List<Done<?>> done) {
        try {
            ensureOpen();
            T value = request.work().call();
            done.add(new Done<>(request.answer(), value));
        } catch (Exception e) {
            request.answer().completeExceptionally(e);
        }
    }

    /** Does what the durability asks for before anybody is told; false when it failed, and everybody was told that. */
    @SuppressWarnings("CatchingUnchecked")
    private boolean flushed(List<Done<?>> done) {
        try {
            if (durability instanceof Durability.Relaxed relaxed) {
                if (!flushDue) {
                    flushDue = true;
                    // Half of it is for the writing, and for a machine that is busy.
                    var unused =
                            thread.schedule(this::flushLater, relaxed.within().toNanos() / 2, TimeUnit.NANOSECONDS);
                }
                return true;
            }
            write();
            return true;
        } catch (RuntimeException e) {
            trouble = e;
            unwritten.clear(); // Whoever made these changes is told that they may be lost.
            done.forEach(one -> one.answer().completeExceptionally(e));
            return false;
        }
    }

    private void flushLater() {
        flushDue = false;
        try {
            ensureOpen();
            write();
        } catch (IOException | RuntimeException e) {
            trouble = e;
            log.error("sessions that were answered for could not be written yet; this is tried again", e);
            flushDue = true;
            var unused = thread.schedule(this::flushLater, patience, TimeUnit.MILLISECONDS);
        }
    }

    /** Writes what is left, and closes the file. Waits for that up to ten seconds. */
    @Override
    public void close() {
        if (thread.isShutdown()) {
            return;
        }
        CompletableFuture<Boolean> closed = new CompletableFuture<>();
        thread.execute(() -> {
            serve();
            end();
            closed.complete(true);
        });
        thread.shutdown();
        var unused = closed.completeOnTimeout(false, CLOSE_PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
                .join();
        refuseAll();
    }

    private void end() {
        try {
            if (!unwritten.isEmpty()) {
                waits = false;
                ensureOpen();
                write();
            }
            file.close();
        } catch (IOException | RuntimeException e) {
            log.error("the session store {} could not be written at its end", name, e);
            file.closeImmediately();
        }
    }

    /** Returns about how many bytes its sessions take. For tests. */
    long bytes() {
        return ask(() -> bytes, false).join();
    }
}
