package dev.vivarium.testkit.internal;

import dev.vivarium.protocol.AttachmentPlace;
import dev.vivarium.protocol.CodecException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Attachments on the wire, as a scripted worker reads them, from the frame and from shared memory; it writes to frames only. */
final class Attachments {

    private Attachments() {}

    /** Reads what a call carries; {@code folders} are those that the JVM has named. */
    static List<ByteBuffer> read(List<ByteBuffer> parts, List<String> folders) throws IOException, CodecException {
        List<ByteBuffer> attached = new ArrayList<>();
        if (parts.isEmpty()) {
            return attached;
        }
        for (AttachmentPlace place : AttachmentPlace.decode(parts.get(0))) {
            if (place.segment() == 0) {
                attached.add(parts.get((int) place.offset() + 1));
            } else {
                byte[] segment = Files.readAllBytes(file(place.segment(), folders));
                attached.add(ByteBuffer.wrap(segment, (int) place.offset(), (int) place.length())
                        .slice());
            }
        }
        return attached;
    }

    private static Path file(long segment, List<String> folders) {
        return folders.stream()
                .map(folder -> Path.of(folder, Long.toString(segment)))
                .filter(Files::exists)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("there is no segment " + segment + " in " + folders));
    }

    /** Returns the parts of a frame with attachments. */
    static List<ByteBuffer> parts(List<ByteBuffer> attached) {
        if (attached.isEmpty()) {
            return List.of();
        }
        List<AttachmentPlace> places = new ArrayList<>();
        attached.forEach(bytes -> places.add(new AttachmentPlace(0, places.size(), bytes.remaining(), 0)));
        List<ByteBuffer> parts = new ArrayList<>(List.of(AttachmentPlace.encode(places)));
        parts.addAll(attached);
        return parts;
    }
}
