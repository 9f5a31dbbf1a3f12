package dev.vivarium.protocol.message;

import java.util.List;

/**
 * How attachments travel.
 *
 * @param maxBytes the most bytes that the attachments of a result may have together
 * @param folders the folders that segments of shared memory are in, to be looked through in order; none without shared memory
 * @param sharedFrom the bytes from which on an attachment goes through shared memory
 */
public record AttachmentOffer(int maxBytes, List<String> folders, int sharedFrom) {}
