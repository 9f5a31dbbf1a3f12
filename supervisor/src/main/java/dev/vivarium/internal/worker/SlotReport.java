package dev.vivarium.internal.worker;

import dev.vivarium.protocol.ProtocolViolation;
import dev.vivarium.protocol.message.ErrorBody;
import dev.vivarium.protocol.message.Exited;
import dev.vivarium.protocol.message.Ready;

/** What a driver reports to its slot, each with the incarnation that it is about. */
sealed interface SlotReport extends WorkerSlot.Command {

    record Spawned(int incarnation, long pid) implements SlotReport {}

    record SpawnRefused(int incarnation, String reason) implements SlotReport {}

    record HelloReceived(int incarnation) implements SlotReport {}

    record ReadyReceived(int incarnation, Ready ready) implements SlotReport {}

    record LoadFailed(int incarnation, ErrorBody error) implements SlotReport {}

    record CallAnswered(int incarnation, long callId) implements SlotReport {}

    record PongReceived(int incarnation) implements SlotReport {}

    record StacksRead(int incarnation) implements SlotReport {}

    record ViolationSeen(int incarnation, ProtocolViolation violation) implements SlotReport {}

    record ChannelEnded(int incarnation) implements SlotReport {}

    record ProcessExited(int incarnation, Exited report) implements SlotReport {}

    record GuardianGone(int incarnation) implements SlotReport {}
}
