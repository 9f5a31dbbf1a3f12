package dev.vivarium.internal.core.model;

import dev.vivarium.WorkerState;
import dev.vivarium.internal.core.SlotCore;
import dev.vivarium.internal.core.SlotEvent;
import dev.vivarium.internal.core.SlotEvent.Timer;
import dev.vivarium.internal.core.SlotState;
import dev.vivarium.internal.core.SlotState.Service;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A slot's actor, what is on its way to it and from it, and its process. Owned by one {@link PoolWorld}. */
final class SlotWorld implements Cloneable {

    final int number;
    SlotState state = SlotCore.initial(0);
    boolean stopped;
    /** For each timer that runs, the incarnation that it runs for; else 0. */
    int[] timers = new int[Timer.values().length];
    /** The call that the deadline timer runs for, or 0, and its incarnation. */
    int deadlineCall;

    int deadlineIncarnation;
    int call;
    int leasing;
    int exitsOverdue;
    /** The pool has told it to run. */
    boolean wanted;

    /** The pool does not want it any more. */
    boolean dismissed;
    /** The last published state of the current incarnation. */
    WorkerState published = WorkerState.TERMINATED;

    LinkWorld link;
    /** A released link whose reader still holds a reply. */
    LinkWorld straggler;

    List<ToSlot>[] inbox;
    List<ToRouter> toRouter = List.of();

    @SuppressWarnings({"unchecked", "rawtypes"}) // An array of a generic type has no other way to be made.
    SlotWorld(int number) {
        this.number = number;
        inbox = new List[ToSlot.Sender.values().length];
        Arrays.fill(inbox, List.of());
    }

    void tell(ToSlot.Sender sender, ToSlot message) {
        inbox[sender.ordinal()] = plus(inbox[sender.ordinal()], message);
    }

    void tell(ToSlot.Sender sender, SlotEvent event) {
        tell(sender, new ToSlot.Told(event));
    }

    ToSlot take(ToSlot.Sender sender) {
        List<ToSlot> queue = inbox[sender.ordinal()];
        inbox[sender.ordinal()] = rest(queue);
        return queue.get(0);
    }

    void tellRouter(ToRouter message) {
        toRouter = plus(toRouter, message);
    }

    boolean hasMail() {
        return Arrays.stream(inbox).anyMatch(queue -> !queue.isEmpty());
    }

    boolean runs(Timer timer) {
        return timers[timer.ordinal()] != 0;
    }

    static <T> List<T> plus(List<T> list, T last) {
        List<T> longer = new ArrayList<>(list.size() + 1);
        longer.addAll(list);
        longer.add(last);
        return longer;
    }

    static <T> List<T> rest(List<T> list) {
        return list.size() == 1
                ? List.of()
                : list.subList(1, list.size()).stream().toList();
    }

    SlotWorld copy() {
        try {
            SlotWorld copy = (SlotWorld) clone();
            copy.timers = timers.clone();
            copy.inbox = inbox.clone();
            copy.link = link == null ? null : link.copy();
            copy.straggler = straggler == null ? null : straggler.copy();
            return copy;
        } catch (CloneNotSupportedException e) {
            throw new AssertionError(e);
        }
    }

    Fingerprint print(Interner names) {
        Fingerprint.Builder print = Fingerprint.of()
                .with(names.of(essence(state)))
                .with((stopped ? 1 : 0)
                        + (dismissed ? 2 : 0)
                        + (wanted ? 256 : 0)
                        + 4L * published.ordinal()
                        + 32L * exitsOverdue)
                .with(deadlineCall + 16L * (call + 16L * (leasing + 16L * deadlineIncarnation)))
                .with(names.of(toRouter));
        for (int timer : timers) {
            print.with(timer);
        }
        for (List<ToSlot> queue : inbox) {
            print.with(queue.isEmpty() ? -1 : names.of(queue));
        }
        for (LinkWorld end : new LinkWorld[] {link, straggler}) {
            if (end == null) {
                print.with(0);
            } else {
                print.with(end.print(names));
            }
        }
        return print.done();
    }

    /** Leaves out what the core counts and does not decide by: answers beyond the first, failures beyond the second. */
    static SlotState essence(SlotState state) {
        int failures = Math.min(2, state.failures());
        if (state instanceof SlotState.Ready ready) {
            return new SlotState.Ready(ready.incarnation(), failures, essence(ready.service()), ready.pinged());
        }
        if (state instanceof SlotState.Busy busy) {
            return new SlotState.Busy(
                    busy.incarnation(), failures, essence(busy.service()), busy.callId(), busy.rung(), busy.retiring());
        }
        if (state instanceof SlotState.Degraded degraded) {
            return new SlotState.Degraded(
                    degraded.incarnation(),
                    failures,
                    essence(degraded.service()),
                    degraded.illness(),
                    degraded.checking(),
                    degraded.offered());
        }
        if (state instanceof SlotState.Ending ending && ending.service() != null) {
            return new SlotState.Ending(
                    ending.incarnation(),
                    failures,
                    ending.from(),
                    essence(ending.service()),
                    ending.callId(),
                    ending.cause(),
                    ending.retiring());
        }
        return state;
    }

    private static Service essence(Service service) {
        return new Service(0, Math.min(1, service.completed()), service.illness());
    }
}
