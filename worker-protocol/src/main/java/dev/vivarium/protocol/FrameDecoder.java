package dev.vivarium.protocol;

import dev.vivarium.protocol.ProtocolViolation.Kind;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Turns bytes into frames in one pass, however the bytes arrive. Each byte is copied once; space for a body or attachment
 * section is taken as bytes arrive, at most twice what has arrived, so that a header that lies costs nothing. Not
 * thread-safe. After a violation the decoder refuses everything.
 */
public final class FrameDecoder {

    private static final int FIRST_CHUNK = 64 * 1024;

    private final Limits limits;
    private final byte[] header = new byte[Frame.HEADER_BYTES];
    private int headerFilled;
    private byte[] payload = new byte[0];
    private int payloadFilled;
    private int bodyLength;
    private int attachmentsLength;
    private int attachmentCount;
    private @Nullable ProtocolViolationException failure;

    /** Creates a decoder for a stream whose frames must keep to {@code limits}. */
    public FrameDecoder(Limits limits) {
        this.limits = limits;
    }

    /**
     * Reads all of {@code bytes} and hands every frame that they complete to {@code frames}.
     *
     * @throws ProtocolViolationException when the bytes break the protocol; frames before that have been handed over
     */
    public void feed(ByteBuffer bytes, Consumer<Frame> frames) throws ProtocolViolationException {
        if (failure != null) {
            throw failure;
        }
        while (bytes.hasRemaining()) {
            if (headerFilled < Frame.HEADER_BYTES) {
                fillHeader(bytes);
                if (headerFilled < Frame.HEADER_BYTES) {
                    return;
                }
            }
            fillPayload(bytes);
            if (payloadFilled == bodyLength + attachmentsLength) {
                frames.accept(finish());
            }
        }
    }

    /**
     * Notes the end of the stream.
     *
     * @throws ProtocolViolationException TRUNCATED when it ended inside a frame
     */
    public void end() throws ProtocolViolationException {
        if (failure != null) {
            throw failure;
        }
        if (headerFilled > 0) {
            throw fail(
                    Kind.TRUNCATED,
                    "the stream ended after " + headerFilled + " header and " + payloadFilled + " of "
                            + (headerFilled < Frame.HEADER_BYTES
                                    ? "unknown"
                                    : Long.toString((long) bodyLength + attachmentsLength))
                            + " further bytes");
        }
    }

    private void fillHeader(ByteBuffer bytes) throws ProtocolViolationException {
        int before = headerFilled;
        int n = Math.min(bytes.remaining(), Frame.HEADER_BYTES - headerFilled);
        bytes.get(header, headerFilled, n);
        headerFilled += n;
        for (int i = before; i < Math.min(4, headerFilled); i++) {
            if (header[i] != (byte) (Frame.MAGIC >>> (24 - 8 * i))) {
                throw fail(Kind.BAD_MAGIC, "a frame must begin with VIVA", bytes);
            }
        }
        if (headerFilled == Frame.HEADER_BYTES) {
            checkHeader();
        }
    }

    private void checkHeader() throws ProtocolViolationException {
        ByteBuffer view = ByteBuffer.wrap(header);
        int version = view.get(4) & 0xff;
        int code = view.get(5) & 0xff;
        int flags = view.getShort(6) & 0xffff;
        long body = view.getInt(28) & 0xffff_ffffL;
        long attachments = view.getInt(32) & 0xffff_ffffL;
        int count = view.getShort(36) & 0xffff;
        // Each is told only when it has failed: to make the texts takes longer than all the rest.
        if (version != Frame.VERSION) {
            throw fail(Kind.BAD_VERSION, "version must be 1, got " + version);
        }
        if (FrameType.isReserved(code)) {
            throw fail(Kind.RESERVED_TYPE, "type 0x" + Integer.toHexString(code) + " is reserved");
        }
        if (FrameType.ofCode(code) == null) {
            throw fail(Kind.UNKNOWN_TYPE, "type 0x" + Integer.toHexString(code) + " is unknown");
        }
        if (flags != 0) {
            throw fail(Kind.BAD_FLAGS, "flags must be 0, got 0x" + Integer.toHexString(flags));
        }
        if (view.getShort(38) != 0) {
            throw fail(Kind.BAD_RESERVED, "the reserved field must be 0");
        }
        if (body > limits.maxBodyBytes()) {
            throw fail(Kind.OVERSIZE_BODY, "maxBodyBytes is " + limits.maxBodyBytes() + ", got " + body);
        }
        if (attachments > limits.maxAttachmentsBytes() || count > limits.maxAttachmentCount()) {
            throw fail(
                    Kind.OVERSIZE_ATTACHMENTS,
                    "maxAttachmentsBytes is " + limits.maxAttachmentsBytes() + ", got " + attachments
                            + "; maxAttachmentCount is " + limits.maxAttachmentCount() + ", got " + count);
        }
        if ((count == 0) != (attachments == 0) || attachments < 4L * count) {
            throw fail(Kind.BAD_ATTACHMENTS, count + " attachments cannot take " + attachments + " bytes");
        }
        if (body + attachments > Integer.MAX_VALUE - 16) {
            throw fail(
                    Kind.OVERSIZE_ATTACHMENTS,
                    "body and attachments together must fit into one array, got " + (body + attachments));
        }
        bodyLength = (int) body;
        attachmentsLength = (int) attachments;
        attachmentCount = count;
        payload = new byte[Math.min(bodyLength + attachmentsLength, FIRST_CHUNK)];
        payloadFilled = 0;
    }

    private void fillPayload(ByteBuffer bytes) {
        int total = bodyLength + attachmentsLength;
        int n = Math.min(bytes.remaining(), total - payloadFilled);
        if (payload.length < payloadFilled + n) {
            int twice = (int) Math.min(total, 2L * (payloadFilled + n));
            payload = Arrays.copyOf(payload, twice);
        }
        bytes.get(payload, payloadFilled, n);
        payloadFilled += n;
    }

    private Frame finish() throws ProtocolViolationException {
        List<ByteBuffer> attachments = attachmentCount == 0 ? List.of() : sliceAttachments();
        ByteBuffer view = ByteBuffer.wrap(header);
        byte[] body =
                attachmentCount == 0 && payload.length == bodyLength ? payload : Arrays.copyOf(payload, bodyLength);
        FrameType type = FrameType.ofCode(header[5] & 0xff);
        if (type == null) {
            throw fail(Kind.UNKNOWN_TYPE, "the header changed while it was read");
        }
        Frame frame = new Frame(type, view.getLong(8), view.getLong(16), view.getInt(24), body, attachments);
        headerFilled = 0;
        payloadFilled = 0;
        payload = new byte[0];
        return frame;
    }

    private List<ByteBuffer> sliceAttachments() throws ProtocolViolationException {
        ByteBuffer section = ByteBuffer.wrap(payload, bodyLength, attachmentsLength);
        long sum = 4L * attachmentCount;
        int[] lengths = new int[attachmentCount];
        for (int i = 0; i < attachmentCount; i++) {
            lengths[i] = section.getInt();
            sum += lengths[i] & 0xffff_ffffL;
        }
        if (sum != attachmentsLength) {
            throw fail(
                    Kind.BAD_ATTACHMENTS,
                    "the table adds up to " + sum + " bytes, the header says " + attachmentsLength);
        }
        List<ByteBuffer> attachments = new ArrayList<>(attachmentCount);
        int offset = section.position();
        for (int length : lengths) {
            attachments.add(ByteBuffer.wrap(payload, offset, length).slice().asReadOnlyBuffer());
            offset += length;
        }
        return List.copyOf(attachments);
    }

    private ProtocolViolationException fail(Kind kind, String detail) {
        return fail(kind, detail, ByteBuffer.allocate(0));
    }

    private ProtocolViolationException fail(Kind kind, String detail, ByteBuffer following) {
        byte[] first = Arrays.copyOf(header, headerFilled);
        int more = Math.min(
                ProtocolViolation.QUOTED_BYTES - first.length,
                headerFilled < Frame.HEADER_BYTES || payloadFilled == 0 ? following.remaining() : payloadFilled);
        byte[] quoted = Arrays.copyOf(first, first.length + more);
        if (payloadFilled > 0 && headerFilled == Frame.HEADER_BYTES) {
            System.arraycopy(payload, 0, quoted, first.length, more);
        } else {
            following.duplicate().get(quoted, first.length, more);
        }
        failure = new ProtocolViolationException(new ProtocolViolation(kind, detail, quoted));
        payload = new byte[0];
        return failure;
    }
}
