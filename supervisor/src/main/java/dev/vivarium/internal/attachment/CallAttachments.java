package dev.vivarium.internal.attachment;

import dev.vivarium.ArgumentsNotEncodable;
import dev.vivarium.AttachmentPolicy;
import dev.vivarium.SharedMemoryExhausted;
import dev.vivarium.protocol.Attachment;
import dev.vivarium.protocol.AttachmentPlace;
import dev.vivarium.protocol.Execution;
import dev.vivarium.protocol.Limits;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a call carries beside its body: a copy, made when the call was made, that stays as it is until the call has ended and no
 * worker can still read it. Whoever needs it holds it; see {@link Segment}. Thread-safe.
 */
public final class CallAttachments {

    /** No call's attachments. */
    public static final CallAttachments NONE = new CallAttachments(List.of(), List.of(), null);

    /** Where an attachment begins: what a vector instruction may want. */
    private static final int ALIGNMENT = 64;

    /** Of a large attachment only so many pieces are looked at to tell it from others. */
    private static final int SAMPLES = 64;

    private static final int SAMPLE_BYTES = 64;

    private final List<AttachmentPlace> places;
    private final List<ByteBuffer> views;
    private final @Nullable Segment segment;

    private CallAttachments(List<AttachmentPlace> places, List<ByteBuffer> views, @Nullable Segment segment) {
        this.places = places;
        this.views = views;
        this.segment = segment;
    }

    /**
     * Copies attachments to where they travel from. Whoever asks holds the result.
     *
     * @throws ArgumentsNotEncodable when they are over a limit
     * @throws SharedMemoryExhausted when there is no shared memory for them
     */
    public static CallAttachments of(
            String handler, List<Attachment> attached, AttachmentPolicy policy, SharedMemory memory) {
        if (attached.isEmpty()) {
            return NONE;
        }
        check(handler, attached, policy);
        boolean sharing = memory.isOpen();
        List<AttachmentPlace> places = new ArrayList<>();
        long inSegment = 0;
        int inFrame = 0;
        for (Attachment attachment : attached) {
            long size = attachment.bytes();
            if (sharing && size >= policy.sharedFrom()) {
                places.add(new AttachmentPlace(1, inSegment, size, 0)); // The segment's number is known below.
                inSegment = (inSegment + size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
            } else {
                places.add(new AttachmentPlace(0, inFrame, size, 0));
                inFrame++;
            }
        }
        Segment segment = inSegment == 0 ? null : memory.lease(inSegment, Execution.NOT_STARTED);
        return fill(attached, places, segment);
    }

    private static void check(String handler, List<Attachment> attached, AttachmentPolicy policy) {
        int mostCount = Limits.DEFAULTS.maxAttachmentCount() - 3; // A session's call has three parts more.
        if (attached.size() > mostCount) {
            throw new ArgumentsNotEncodable(
                    "the arguments of '" + handler + "' have " + attached.size() + " attachments; a call may have "
                            + mostCount,
                    null);
        }
        long total = attached.stream().mapToLong(Attachment::bytes).sum();
        if (total > policy.maxBytes()) {
            throw new ArgumentsNotEncodable(
                    "the attachments of '" + handler + "' have " + total + " bytes; attachments.max-bytes is "
                            + policy.maxBytes(),
                    null);
        }
    }

    private static CallAttachments fill(
            List<Attachment> attached, List<AttachmentPlace> planned, @Nullable Segment segment) {
        List<AttachmentPlace> places = new ArrayList<>();
        List<ByteBuffer> views = new ArrayList<>();
        boolean filled = false;
        try {
            for (int i = 0; i < attached.size(); i++) {
                AttachmentPlace place = planned.get(i);
                int size = Math.toIntExact(place.length());
                ByteBuffer to;
                if (place.segment() == 0 || segment == null) {
                    places.add(place);
                    to = ByteBuffer.allocate(size);
                } else {
                    places.add(new AttachmentPlace(segment.number(), place.offset(), size, 0));
                    to = segment.slice(Math.toIntExact(place.offset()), size);
                }
                attached.get(i).writeTo(to);
                views.add(to.flip().asReadOnlyBuffer());
            }
            filled = true;
        } finally {
            if (!filled && segment != null) {
                segment.release();
            }
        }
        return new CallAttachments(List.copyOf(places), List.copyOf(views), segment);
    }

    /** Returns whether there are none. */
    public boolean isEmpty() {
        return places.isEmpty();
    }

    /** Returns their contents, in order; only who holds them may read. */
    public List<ByteBuffer> views() {
        return views;
    }

    /** Returns what goes into a frame: the table of places, and those that are in the frame. */
    public List<ByteBuffer> parts() {
        if (places.isEmpty()) {
            return List.of();
        }
        List<ByteBuffer> parts = new ArrayList<>();
        parts.add(AttachmentPlace.encode(places));
        for (int i = 0; i < places.size(); i++) {
            if (places.get(i).segment() == 0) {
                parts.add(views.get(i));
            }
        }
        return parts;
    }

    /** Returns the segment that some of them are in, or null. */
    @Nullable
    Segment segment() {
        return segment;
    }

    /** Holds them; false when nobody does any more. */
    public boolean retain() {
        return segment == null || segment.retain();
    }

    /** Lets go of them. */
    public void release() {
        if (segment != null) {
            segment.release();
        }
    }

    /**
     * Returns what tells the call from others that are not equal: the body, and where there are attachments a digest of pieces of
     * them. Of large ones that differ in few places it may be the same.
     */
    public byte[] identity(byte[] body) {
        if (places.isEmpty()) {
            return body;
        }
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
        for (ByteBuffer view : views) {
            int size = view.remaining();
            int step = Math.max(SAMPLE_BYTES, size / SAMPLES);
            for (int at = 0; at < size; at += step) {
                digest.update(view.slice(at, Math.min(SAMPLE_BYTES, size - at)));
            }
        }
        byte[] summary = digest.digest();
        return ByteBuffer.allocate(body.length + summary.length)
                .put(body)
                .put(summary)
                .array();
    }
}
