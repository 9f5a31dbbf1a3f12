package dev.vivarium.internal.worker;

import dev.vivarium.protocol.ProtocolViolation;
import dev.vivarium.protocol.message.ErrorBody;
import dev.vivarium.protocol.message.Exited;
import dev.vivarium.protocol.message.Ready;
import org.apache.pekko.actor.typed.ActorRef;

/** Turns a driver's reports into messages to the slot, each with the incarnation that it is about. */
record DriverReports(ActorRef<WorkerSlot.Command> slot, int incarnation) implements WorkerEvents {

    @Override
    public void spawned(long pid) {
        slot.tell(new SlotReport.Spawned(incarnation, pid));
    }

    @Override
    public void spawnRefused(String reason) {
        slot.tell(new SlotReport.SpawnRefused(incarnation, reason));
    }

    @Override
    public void hello() {
        slot.tell(new SlotReport.HelloReceived(incarnation));
    }

    @Override
    public void loaded(Ready ready) {
        slot.tell(new SlotReport.ReadyReceived(incarnation, ready));
    }

    @Override
    public void loadFailed(ErrorBody error) {
        slot.tell(new SlotReport.LoadFailed(incarnation, error));
    }

    @Override
    public void answered(long callId) {
        slot.tell(new SlotReport.CallAnswered(incarnation, callId));
    }

    @Override
    public void pong() {
        slot.tell(new SlotReport.PongReceived(incarnation));
    }

    @Override
    public void stacksRead() {
        slot.tell(new SlotReport.StacksRead(incarnation));
    }

    @Override
    public void violated(ProtocolViolation violation) {
        slot.tell(new SlotReport.ViolationSeen(incarnation, violation));
    }

    @Override
    public void channelClosed() {
        slot.tell(new SlotReport.ChannelEnded(incarnation));
    }

    @Override
    public void exited(Exited exited) {
        slot.tell(new SlotReport.ProcessExited(incarnation, exited));
    }

    @Override
    public void guardianLost() {
        slot.tell(new SlotReport.GuardianGone(incarnation));
    }
}
