package dev.vivarium.protocol;

/**
 * The largest frame that one side accepts.
 *
 * @param maxBodyBytes bytes of the encoded part, at least 0
 * @param maxAttachmentsBytes bytes of the attachment section, its table included, at least 0
 * @param maxAttachmentCount attachments of one frame, 0 to 65,535
 */
public record Limits(int maxBodyBytes, int maxAttachmentsBytes, int maxAttachmentCount) {

    /** The limits of a data channel unless configured: 16 MiB, 256 MiB, 1,024. */
    public static final Limits DEFAULTS = new Limits(16 << 20, 256 << 20, 1024);

    /** The fixed limits of control and guardian channels: 1 MiB and no attachments. */
    public static final Limits CONTROL = new Limits(1 << 20, 0, 0);

    /** Checks the ranges. */
    public Limits {
        require("maxBodyBytes", maxBodyBytes, Integer.MAX_VALUE);
        require("maxAttachmentsBytes", maxAttachmentsBytes, Integer.MAX_VALUE);
        require("maxAttachmentCount", maxAttachmentCount, 0xffff);
    }

    private static void require(String name, int value, int most) {
        if (value < 0 || value > most) {
            throw new IllegalArgumentException(name + " must be 0 to " + most + ", got " + value);
        }
    }
}
