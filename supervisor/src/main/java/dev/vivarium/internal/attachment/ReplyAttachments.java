package dev.vivarium.internal.attachment;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/** What a result carries beside its body, to be read before it is let go of; that happens once, whoever does it first. */
public final class ReplyAttachments {

    /** No result's attachments. */
    public static final ReplyAttachments NONE = new ReplyAttachments(List.of(), () -> {});

    private final List<ByteBuffer> views;
    private final Runnable whenRead;
    private final AtomicBoolean released = new AtomicBoolean();

    /**
     * Creates them.
     *
     * @param whenRead told when nobody reads them any more
     */
    public ReplyAttachments(List<ByteBuffer> views, Runnable whenRead) {
        this.views = List.copyOf(views);
        this.whenRead = whenRead;
    }

    /** Returns their contents, in order. */
    public List<ByteBuffer> views() {
        return views;
    }

    /** Lets go of them. */
    public void release() {
        if (released.compareAndSet(false, true)) {
            whenRead.run();
        }
    }
}
