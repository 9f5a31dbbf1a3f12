package dev.vivarium.internal.router;

import dev.vivarium.PoolException;
import dev.vivarium.WorkerExit;
import dev.vivarium.internal.call.CallToAll;
import dev.vivarium.internal.call.SettingOrder;
import dev.vivarium.internal.call.Target;
import dev.vivarium.internal.context.Setting;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Something about all workers that the router is told. */
public sealed interface WorkersReport {

    /** A call for every worker arrives. */
    record Call(CallToAll call) implements WorkersReport {}

    /** A setting is to be made. */
    record Order(SettingOrder order) implements WorkersReport {}

    /** A setting is to be forgotten; {@code over} is told whether there was one. */
    record Forget(String name, CompletableFuture<Boolean> over) implements WorkersReport {}

    /**
     * A worker has answered a setting, or not.
     *
     * @param error null when the handler returned
     */
    record Answered(
            Setting setting, Target worker, @Nullable PoolException error) implements WorkersReport {}

    /** The time of an order is up. */
    record Due(SettingOrder order) implements WorkersReport {}

    /** A worker has ended. */
    record Ended(WorkerExit exit) implements WorkersReport {}
}
