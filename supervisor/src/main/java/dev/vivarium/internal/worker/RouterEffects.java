package dev.vivarium.internal.worker;

import dev.vivarium.internal.core.SlotEffect;
import org.apache.pekko.actor.typed.ActorRef;

/** Carries out the effects that are for the router. */
record RouterEffects(RouterPort router, int slot, ActorRef<WorkerSlot.Command> self) {

    /** Returns whether it was such an effect. */
    boolean carryOut(SlotEffect effect) {
        if (effect instanceof SlotEffect.Offer offer) {
            router.offered(slot, offer.incarnation(), self);
        } else if (effect instanceof SlotEffect.OfferProbe offer) {
            router.probeOffered(slot, offer.incarnation(), self);
        } else if (effect instanceof SlotEffect.Withdraw withdraw) {
            router.withdrawn(slot, withdraw.incarnation());
        } else if (effect instanceof SlotEffect.Retire) {
            router.gone(slot, self);
        } else {
            return false;
        }
        return true;
    }
}
