package dev.vivarium.internal.worker;

import dev.vivarium.Signal;
import dev.vivarium.internal.core.SlotEffect;

/** Carries out the effects that concern the process alone. */
final class DriverEffects {

    private DriverEffects() {}

    static void carryOut(SlotEffect effect, WorkerDriver driver) {
        if (effect instanceof SlotEffect.Welcome) {
            driver.welcome();
        } else if (effect instanceof SlotEffect.SendCancel cancel) {
            driver.cancel(cancel.callId());
        } else if (effect instanceof SlotEffect.ReadStacks) {
            driver.readStacks();
        } else if (effect instanceof SlotEffect.Terminate) {
            driver.signal(Signal.TERM.number(), true);
        } else if (effect instanceof SlotEffect.SendPing) {
            driver.ping();
        } else if (effect instanceof SlotEffect.SendDrain) {
            driver.drain();
        } else if (effect instanceof SlotEffect.Kill) {
            driver.signal(Signal.KILL.number(), true);
        } else if (effect instanceof SlotEffect.Release) {
            driver.release();
        } else {
            throw new IllegalStateException("no way to carry out " + effect);
        }
    }
}
