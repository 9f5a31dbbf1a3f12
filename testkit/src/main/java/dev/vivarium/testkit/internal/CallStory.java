package dev.vivarium.testkit.internal;

import dev.vivarium.CallAttempt;
import dev.vivarium.CallStalled;
import dev.vivarium.CallTimedOut;
import dev.vivarium.CallTimeline;
import dev.vivarium.PoolEvent;
import dev.vivarium.PoolException;
import dev.vivarium.PoolSaturated;
import dev.vivarium.PythonException;
import dev.vivarium.SessionException;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerCrashed;
import dev.vivarium.WorkerExit;
import dev.vivarium.WorkerId;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What happened to one call, as a text: facts first, each with its moment. */
public final class CallStory {

    /** How many events are shown: the last of those that have to do with the call. */
    static final int SHOWN = 40;

    /** What came shortly before a call was made may have to do with its end, such as a worker's that had just died. */
    private static final Duration BEFORE = Duration.ofSeconds(1);

    private record Incarnation(WorkerId worker, int incarnation) {}

    private final long callId;
    private final @Nullable String handler;
    private final @Nullable CallTimeline timeline;
    private final List<PoolEvent> events;
    private final StringBuilder text = new StringBuilder();

    private CallStory(long callId, @Nullable String handler, @Nullable CallTimeline timeline, List<PoolEvent> events) {
        this.callId = callId;
        this.handler = handler;
        this.timeline = timeline;
        this.events = events;
    }

    /**
     * Begins a story.
     *
     * @param callId the call's id, 0 when it is not known
     * @param handler what was called; null when it is not known, except by an event
     * @param timeline what happened to the call, null unless it was timed
     * @param events the events of its pool
     */
    public static CallStory of(
            long callId, @Nullable String handler, @Nullable CallTimeline timeline, List<PoolEvent> events) {
        String name = handler == null ? handlerIn(callId, events) : handler;
        return new CallStory(callId, name, timeline, events);
    }

    private static @Nullable String handlerIn(long callId, List<PoolEvent> events) {
        for (PoolEvent event : events) {
            if (event instanceof PoolEvent.CallEnded ended && ended.callId() == callId) {
                return ended.handler();
            }
            if (event instanceof PoolEvent.CallRetried retried && retried.callId() == callId) {
                return retried.handler();
            }
        }
        return null;
    }

    /** Tells of a call that failed. */
    public String failed(PoolException error, int attempts) {
        begin("failed with " + error.getClass().getSimpleName(), attempts);
        line("  execution " + error.execution() + ", category " + error.category() + ", severity " + error.severity());
        line("  " + error.getMessage());
        attempts(error.attempts());
        timeline();
        events(processes(error.attempts()), error instanceof SessionException session ? session.session() : null);
        evidence(error);
        return text.toString().stripTrailing();
    }

    /** Tells of a call that did not fail. */
    public String other(String end, int attempts) {
        begin(end, attempts);
        timeline();
        events(processes(List.of()), null);
        return text.toString().stripTrailing();
    }

    private void begin(String end, int attempts) {
        String call = callId == 0 ? "a call that is not in the books" : "call " + callId;
        String to = handler == null ? "" : " of '" + handler + "'";
        line("what happened to " + call + to + ": it " + end + ", after " + attempts
                + (attempts == 1 ? " attempt" : " attempts"));
    }

    private void line(String line) {
        text.append(line).append('\n');
    }

    private void attempts(List<CallAttempt> lost) {
        if (!lost.isEmpty()) {
            line("attempts that came to nothing:");
        }
        for (int i = 0; i < lost.size(); i++) {
            CallAttempt attempt = lost.get(i);
            line("  " + (i + 1) + ". in " + named(attempt.worker(), attempt.incarnation()) + ": " + attempt.cause()
                    + ", execution " + attempt.execution());
        }
    }

    private void timeline() {
        if (timeline == null) {
            line("no timeline: PythonCall.timed() asks for one");
            return;
        }
        line("timeline, in ms from when it was made at " + timeline.queued() + ":");
        int number = 0;
        for (CallTimeline.Attempt attempt : timeline.attempts()) {
            number++;
            line("  attempt " + number + " in " + named(attempt.worker(), attempt.incarnation()) + ": leased"
                    + after(attempt.leased()) + ", sent" + after(attempt.sent()) + ", started"
                    + after(attempt.started())
                    + ", replied" + after(attempt.replied()));
        }
        if (timeline.attempts().isEmpty()) {
            line("  it never had a worker");
        }
        line("  ended" + after(timeline.ended()));
    }

    private String after(@Nullable Instant moment) {
        return moment == null ? " -" : " " + moment(moment);
    }

    /** Returns a moment as milliseconds of the call's, or of the wall clock when it is not known when the call was made. */
    private String moment(Instant moment) {
        return timeline == null
                ? moment.toString()
                : String.format(
                        Locale.ROOT,
                        "%+.3f",
                        Duration.between(timeline.queued(), moment).toNanos() / 1e6);
    }

    /** The processes that the call was in. */
    private Set<Incarnation> processes(List<CallAttempt> lost) {
        Set<Incarnation> processes = new HashSet<>();
        lost.forEach(attempt -> processes.add(new Incarnation(attempt.worker(), attempt.incarnation())));
        if (timeline != null) {
            timeline.attempts().forEach(a -> processes.add(new Incarnation(a.worker(), a.incarnation())));
        }
        for (PoolEvent event : events) {
            if (event instanceof PoolEvent.CallRetried retried && retried.callId() == callId) {
                processes.add(new Incarnation(retried.worker(), retried.incarnation()));
            } else if (event instanceof PoolEvent.LadderClimbed climbed && climbed.callId() == callId) {
                processes.add(new Incarnation(climbed.worker(), climbed.incarnation()));
            }
        }
        return processes;
    }

    private void events(Set<Incarnation> processes, @Nullable String session) {
        List<PoolEvent> around = new ArrayList<>();
        for (PoolEvent event : events) {
            if (isNear(event) && concerns(event, processes, session)) {
                around.add(event);
            }
        }
        int left = Math.max(0, around.size() - SHOWN);
        line(
                around.isEmpty()
                        ? "no events around it"
                        : "events around it"
                                + (left == 0 ? ":" : ", the last " + SHOWN + " of " + around.size() + ":"));
        around.subList(left, around.size()).forEach(event -> line("  " + moment(event.at()) + " " + told(event)));
    }

    /** Returns whether an event can have to do with the call, as far as time goes. */
    private boolean isNear(PoolEvent event) {
        return timeline == null || !event.at().isBefore(timeline.queued().minus(BEFORE));
    }

    private boolean concerns(PoolEvent event, Set<Incarnation> processes, @Nullable String session) {
        if (event instanceof PoolEvent.CallEnded ended) {
            return ended.callId() == callId;
        } else if (event instanceof PoolEvent.CallRetried retried) {
            return retried.callId() == callId;
        } else if (event instanceof PoolEvent.LadderClimbed climbed) {
            return climbed.callId() == callId;
        } else if (event instanceof PoolEvent.WorkerExited exited) {
            return exited.callId() == callId
                    || isOf(processes, exited.exit().worker(), exited.exit().incarnation());
        } else if (event instanceof PoolEvent.WorkerTransitioned moved) {
            return isOf(processes, moved.worker(), moved.incarnation()) && !isRoutine(moved);
        } else if (event instanceof PoolEvent.HealthChecked checked) {
            return !checked.answered() && isOf(processes, checked.worker(), checked.incarnation());
        } else if (event instanceof PoolEvent.WorkerEjected ejected) {
            return isOf(processes, ejected.worker(), ejected.incarnation());
        } else if (event instanceof PoolEvent.RecycleDue due) {
            return isOf(processes, due.worker(), due.incarnation());
        } else if (event instanceof PoolEvent.SessionBound bound) {
            return bound.session().equals(session);
        } else if (event instanceof PoolEvent.SessionExpired expired) {
            return expired.session().equals(session);
        } else if (event instanceof PoolEvent.SessionWasLost lost) {
            return lost.session().equals(session);
        }
        return true; // The pool's own, of which every call may be a victim.
    }

    /** A call that had no worker may have failed because of any. */
    private static boolean isOf(Set<Incarnation> processes, WorkerId worker, int incarnation) {
        return processes.isEmpty() || processes.contains(new Incarnation(worker, incarnation));
    }

    /** Leases of other calls, of which a worker has thousands. Those of a timed call are in its timeline. */
    private static boolean isRoutine(PoolEvent.WorkerTransitioned moved) {
        return moved.cause() == TransitionCause.LEASED || moved.cause() == TransitionCause.RELEASED;
    }

    private static String named(WorkerId worker, int incarnation) {
        return worker + "#" + incarnation;
    }

    private static String told(PoolEvent event) {
        if (event instanceof PoolEvent.WorkerTransitioned moved) {
            String from = moved.from() == null ? "" : moved.from() + " to ";
            return named(moved.worker(), moved.incarnation()) + " " + from + moved.to() + " (" + moved.cause() + ")";
        } else if (event instanceof PoolEvent.WorkerExited exited) {
            WorkerExit exit = exited.exit();
            String call = exited.callId() == 0 ? "" : " in call " + exited.callId();
            return named(exit.worker(), exit.incarnation()) + " ended" + call + ": " + exit.cause() + ", "
                    + exit.detail();
        } else if (event instanceof PoolEvent.LadderClimbed climbed) {
            return named(climbed.worker(), climbed.incarnation()) + " is got off the call: " + climbed.rung();
        } else if (event instanceof PoolEvent.CallRetried retried) {
            return "attempt " + retried.attempt() + " failed in " + named(retried.worker(), retried.incarnation())
                    + "; sent again after " + retried.delay().toMillis() + " ms";
        } else if (event instanceof PoolEvent.CallEnded ended) {
            return "the call ended after " + ended.attempts() + " attempts and "
                    + ended.took().toMillis() + " ms";
        } else if (event instanceof PoolEvent.RestartScheduled restart) {
            return restart.worker() + " starts again after " + restart.delay().toMillis() + " ms, " + restart.cause()
                    + ", failed starts in a row: " + restart.failures();
        }
        return event.toString();
    }

    private void evidence(PoolException error) {
        if (error instanceof WorkerCrashed crashed) {
            WorkerExit exit = crashed.exit();
            line("the worker " + named(exit.worker(), exit.incarnation()) + ": " + exit.detail());
            block("its last lines", String.join("\n", exit.lastLines()));
            block("its Python threads", exit.stacks());
        } else if (error instanceof CallTimedOut late) {
            line("the pool when its " + late.timeout().toMillis() + " ms were over: "
                    + late.pool().summary());
            block("the worker's Python threads then", late.stacks());
        } else if (error instanceof CallStalled stalled) {
            line("no progress for " + stalled.stallTimeout().toMillis() + " ms after " + stalled.steps() + " steps in "
                    + named(stalled.worker(), stalled.incarnation()));
        } else if (error instanceof PoolSaturated full) {
            line("the pool then: " + full.pool().summary());
        } else if (error instanceof PythonException raised) {
            block("in Python", raised.pythonTraceback());
        }
    }

    private void block(String title, String lines) {
        if (!lines.isBlank()) {
            line(title + ":");
            lines.lines().forEach(each -> line("    " + each));
        }
    }
}
