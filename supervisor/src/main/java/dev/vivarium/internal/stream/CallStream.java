package dev.vivarium.internal.stream;

import dev.vivarium.PendingCall;
import dev.vivarium.PythonCall;
import dev.vivarium.internal.call.PendingCallImpl;
import dev.vivarium.internal.context.PoolContext;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.Shape;
import org.apache.pekko.stream.SourceShape;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.stream.stage.AbstractGraphStageWithMaterializedValue;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.jspecify.annotations.Nullable;

/** A call whose answer is a stream, as a part of a graph: each time that is run, the call is made. */
public final class CallStream {

    private CallStream() {}

    /** Returns the items of a call. */
    public static <T> Source<T, PendingCall<Long>> source(PoolContext context, CallDoor door, PythonCall<T> call) {
        Outlet<T> out = Outlet.create("items");
        return Source.fromGraph(
                new Stage<Object, T, SourceShape<T>>(context, door, call, SourceShape.of(out), null, out));
    }

    /** Returns the items of a call that is fed with what flows in. */
    public static <I, O> Flow<I, O, PendingCall<Long>> flow(PoolContext context, CallDoor door, PythonCall<O> call) {
        Inlet<I> in = Inlet.create("input");
        Outlet<O> out = Outlet.create("items");
        return Flow.fromGraph(new Stage<I, O, FlowShape<I, O>>(context, door, call, FlowShape.of(in, out), in, out));
    }

    private static final class Stage<I, O, S extends Shape>
            extends AbstractGraphStageWithMaterializedValue<S, PendingCall<Long>> {

        private final PoolContext context;
        private final CallDoor door;
        private final PythonCall<O> call;
        private final S shape;
        private final @Nullable Inlet<I> in;
        private final Outlet<O> out;

        Stage(PoolContext context, CallDoor door, PythonCall<O> call, S shape, @Nullable Inlet<I> in, Outlet<O> out) {
            this.context = context;
            this.door = door;
            this.call = call;
            this.shape = shape;
            this.in = in;
            this.out = out;
        }

        @Override
        public S shape() {
            return shape;
        }

        @Override
        public Pair<GraphStageLogic, PendingCall<Long>> createLogicAndMaterializedValuePair(Attributes attributes) {
            long id = context.nextCallId();
            PendingCallImpl<Long> pending =
                    new PendingCallImpl<>(id, call.returning(Long.class), context.codec(), context.callbacks());
            CallLogic<I, O> logic = new CallLogic<>(context, door, call, pending, shape, in, out);
            return new Pair<>(logic, pending);
        }

        /** Names the handler, never the arguments. */
        @Override
        public String toString() {
            return "CallStream(" + call.handler() + ")";
        }
    }
}
