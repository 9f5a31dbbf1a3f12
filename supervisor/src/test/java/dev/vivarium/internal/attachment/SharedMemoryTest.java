package dev.vivarium.internal.attachment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vivarium.ArgumentsNotEncodable;
import dev.vivarium.AttachmentPolicy;
import dev.vivarium.SharedMemoryExhausted;
import dev.vivarium.protocol.Attachment;
import dev.vivarium.protocol.AttachmentPlace;
import dev.vivarium.protocol.CodecException;
import dev.vivarium.protocol.Execution;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Segments are counted, kept, shared out, and given back when the last who holds them lets go. */
class SharedMemoryTest {

    private static final int SIZE = 64 * 1024;

    /** A folder with room for so many bytes. */
    private static final class Folder implements SegmentFolder {
        private final Map<Long, ByteBuffer> segments = new TreeMap<>();
        private final String name;
        private long room;
        private boolean closed;

        Folder(String name, long room) {
            this.name = name;
            this.room = room;
        }

        @Override
        public Path path() {
            return Path.of(name);
        }

        @Override
        public ByteBuffer create(long number, int bytes) throws IOException {
            if (bytes > room) {
                throw new IOException("No space left on device");
            }
            room -= bytes;
            segments.put(number, ByteBuffer.allocateDirect(bytes));
            return segments.get(number);
        }

        @Override
        public void destroy(long number) {
            room += segments.remove(number).capacity();
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    private final Folder folder = new Folder("first", 1 << 30);

    private SharedMemory memory(long most, Folder... folders) {
        SharedMemory memory = new SharedMemory("pool", most);
        assertThat(memory.open(List.of(folders))).isTrue();
        return memory;
    }

    private static Segment lease(SharedMemory memory, long bytes) {
        return memory.lease(bytes, Execution.NOT_STARTED);
    }

    @Nested
    class ASegment {

        @Test
        void isUsedAgainForWhatFitsIn() {
            SharedMemory memory = memory(1 << 20, folder);
            Segment first = lease(memory, SIZE);
            first.release();

            Segment second = lease(memory, SIZE - 5);

            assertThat(second).isSameAs(first);
            assertThat(folder.segments).hasSize(1);
        }

        @Test
        void isNobodyElsesUntilTheLastHasLetGo() {
            SharedMemory memory = memory(1 << 20, folder);
            Segment first = lease(memory, SIZE);
            assertThat(first.retain()).isTrue();
            first.release();

            assertThat(lease(memory, SIZE)).isNotSameAs(first);
            first.release();

            assertThat(lease(memory, SIZE)).isSameAs(first);
        }

        @Test
        void cannotBeHeldOnceNobodyHoldsIt() {
            Segment segment = lease(memory(1 << 20, folder), SIZE);
            segment.release();

            assertThat(segment.retain()).isFalse();
            assertThatThrownBy(segment::release).isInstanceOf(IllegalStateException.class);
        }

        @Test
        void isNotTakenForAFractionOfItsSize() {
            SharedMemory memory = memory(64 << 20, folder);
            Segment large = lease(memory, 16 << 20);
            large.release();

            assertThat(lease(memory, SIZE)).isNotSameAs(large);
        }

        @Test
        void isAtMostAnEighthLargerThanWanted() {
            for (long wanted : new long[] {1, SIZE, SIZE + 1, 1_000_000, 256 << 20, (256 << 20) + 64}) {
                assertThat((long) SharedMemory.size(wanted))
                        .isBetween(wanted, Math.max(SIZE, wanted + wanted / 8 + 8192));
            }
        }
    }

    @Nested
    class TheLimit {

        @Test
        void isNamedWithWhatWasWanted() {
            SharedMemory memory = memory(100_000, folder);
            Segment first = lease(memory, SIZE);

            SharedMemoryExhausted error = catchThrowableOfType(SharedMemoryExhausted.class, () -> lease(memory, SIZE));

            assertThat(error)
                    .hasMessageContaining("attachments.max-shared-bytes is 100000")
                    .hasMessageContaining("65536 bytes");
            assertThat(error.wanted()).isEqualTo(SIZE);
            assertThat(error.limit()).isEqualTo(100_000);
            assertThat(error.execution()).isEqualTo(Execution.NOT_STARTED);
            first.release();
            assertThat(lease(memory, SIZE)).isSameAs(first);
        }

        @Test
        void makesFreeSegmentsGoFirst() {
            SharedMemory memory = memory(17 << 20, folder);
            lease(memory, 16 << 20).release();

            lease(memory, 3 << 20);

            assertThat(folder.segments).hasSize(1);
            assertThat(memory.bytes()).isEqualTo(3 << 20);
        }
    }

    @Nested
    class AFolderWithoutRoom {

        @Test
        void isFollowedByTheNext() {
            Folder full = new Folder("full", 0);
            SharedMemory memory = memory(1 << 20, full, folder);

            lease(memory, SIZE);

            assertThat(full.segments).isEmpty();
            assertThat(folder.segments).hasSize(1);
            assertThat(memory.paths()).containsExactly(Path.of("full"), Path.of("first"));
        }

        @Test
        void isATypedErrorWhereItIsTheLastAndCountsNothing() {
            SharedMemory memory = memory(1 << 20, new Folder("full", 0), new Folder("too", 10));

            SharedMemoryExhausted error = catchThrowableOfType(SharedMemoryExhausted.class, () -> lease(memory, SIZE));

            assertThat(error)
                    .hasMessageContaining("[full, too]")
                    .hasMessageContaining("No space left on device")
                    .hasCauseInstanceOf(IOException.class);
            assertThat(memory.bytes()).isZero();
        }
    }

    @Nested
    class TheEnd {

        @Test
        void givesFreeSegmentsBackAtOnceAndOthersWhenTheyHaveBeenRead() {
            SharedMemory memory = memory(1 << 20, folder);
            Segment read = lease(memory, SIZE);
            lease(memory, SIZE).release();

            memory.close();

            assertThat(folder.segments).hasSize(1);
            assertThat(folder.closed).isTrue();
            read.release();
            assertThat(folder.segments).isEmpty();
            assertThat(memory.bytes()).isZero();
            assertThatThrownBy(() -> lease(memory, SIZE)).isInstanceOf(SharedMemoryExhausted.class);
        }
    }

    @Nested
    class WhatACallCarries {

        private final AttachmentPolicy policy = AttachmentPolicy.DEFAULT.sharedFrom(1024);

        private CallAttachments of(SharedMemory memory, Object... values) {
            return CallAttachments.of(
                    "f",
                    Stream.of(values)
                            .map(value -> Attachment.of(value).orElseThrow())
                            .toList(),
                    policy,
                    memory);
        }

        @Test
        void isInOneSegmentFromTheLimitOnAndElseInTheFrame() throws CodecException {
            SharedMemory memory = memory(1 << 20, folder);

            List<ByteBuffer> parts =
                    of(memory, new byte[2000], new byte[3], new int[1000]).parts();

            assertThat(parts).hasSize(2);
            assertThat(AttachmentPlace.decode(parts.get(0)))
                    .containsExactly(
                            new AttachmentPlace(1, 0, 2000, 0),
                            new AttachmentPlace(0, 0, 3, 0),
                            new AttachmentPlace(1, 2048, 4000, 0));
        }

        @Test
        void isAllInTheFrameWhereNothingIsShared() {
            assertThat(of(new SharedMemory("pool", 0), new byte[5000]).parts()).hasSize(2);
        }

        @Test
        void givesItsSegmentBackWithTheLastWhoHoldsIt() {
            SharedMemory memory = memory(1 << 20, folder);
            CallAttachments carried = of(memory, new byte[2000]);
            assertThat(carried.retain()).isTrue();

            carried.release();
            assertThat(memory.bytesInUse()).isEqualTo(SIZE);
            carried.release();

            assertThat(memory.bytesInUse()).isZero();
            assertThat(carried.retain()).isFalse();
        }

        @Test
        void isRefusedOverItsLimitBeforeAnythingIsLeased() {
            SharedMemory memory = memory(1 << 20, folder);

            assertThatThrownBy(() -> CallAttachments.of(
                            "f", List.of(Attachment.of(new byte[2000]).orElseThrow()), policy.maxBytes(1999), memory))
                    .isInstanceOf(ArgumentsNotEncodable.class)
                    .hasMessageContaining("2000 bytes; attachments.max-bytes is 1999");
            assertThat(memory.bytes()).isZero();
        }

        @Test
        void tellsCallsApartThatDifferInNothingElse() {
            byte[] body = {1};
            SharedMemory none = new SharedMemory("pool", 0);

            assertThat(of(none, new byte[] {1}).identity(body))
                    .isEqualTo(of(none, new byte[] {1}).identity(body))
                    .isNotEqualTo(of(none, new byte[] {2}).identity(body));
            assertThat(CallAttachments.NONE.identity(body)).isSameAs(body);
        }
    }

    @Nested
    class AnOutbox {

        private final SharedMemory memory = memory(1 << 20, folder);
        private final Outboxes outboxes = new Outboxes(memory);

        private List<ByteBuffer> parts(long segment, long offset, long length, long flags) {
            return List.of(AttachmentPlace.encode(List.of(new AttachmentPlace(segment, offset, length, flags))));
        }

        private ByteBuffer segment(Outboxes.Grant grant) {
            return folder.segments.get(grant.number()).order(ByteOrder.nativeOrder());
        }

        @Test
        void isFreeAgainOnceItsResultHasBeenRead() throws CodecException {
            Outboxes.Grant grant = outboxes.grant(100);
            segment(grant).putLong(0, 1).put(64, (byte) 42);

            ReplyAttachments result = outboxes.read(parts(grant.number(), 64, 1, 0), CallAttachments.NONE);

            assertThat(result.views().get(0).get(0)).isEqualTo((byte) 42);
            assertThat(segment(grant).getLong(0)).isEqualTo(1);
            result.release();
            result.release();
            assertThat(segment(grant).getLong(0)).isZero();
            assertThat(memory.bytesInUse()).isEqualTo(SIZE);
        }

        @Test
        void goesBackWithItsResultWhereTheWorkerSaysSo() throws CodecException {
            Outboxes.Grant grant = outboxes.grant(100);

            ReplyAttachments result =
                    outboxes.read(parts(grant.number(), 64, 1, AttachmentPlace.RETURNED), CallAttachments.NONE);

            assertThat(memory.bytesInUse()).isEqualTo(SIZE);
            result.release();
            assertThat(memory.bytesInUse()).isZero();
        }

        @Test
        void ofADeadWorkerGoesBackWhenItsResultHasBeenRead() throws CodecException {
            Outboxes.Grant grant = outboxes.grant(100);
            outboxes.grant(100);
            ReplyAttachments result = outboxes.read(parts(grant.number(), 64, 1, 0), CallAttachments.NONE);

            outboxes.release();

            assertThat(memory.bytesInUse()).isEqualTo(SIZE);
            result.release();
            assertThat(memory.bytesInUse()).isZero();
            assertThat(outboxes.grant(100).number()).isZero();
            assertThat(memory.bytesInUse()).isZero();
        }

        @Test
        void ofAnotherWorkerOrBeyondItsEndIsAViolation() {
            Outboxes.Grant grant = outboxes.grant(100);
            Outboxes.Grant foreign = new Outboxes(memory).grant(100);

            for (List<ByteBuffer> wrong : List.of(
                    parts(foreign.number(), 64, 1, 0),
                    parts(grant.number(), 0, 1, 0),
                    parts(grant.number(), SIZE, 1, 0),
                    parts(grant.number(), 64, SIZE, 0),
                    parts(0, 0, 1, 0),
                    parts(99, 64, 1, 0))) {
                assertThatThrownBy(() -> outboxes.read(wrong, CallAttachments.NONE))
                        .isInstanceOf(CodecException.class);
            }
        }

        @Test
        void isNotNeededForWhatTheCallBrought() throws CodecException {
            CallAttachments call = CallAttachments.of(
                    "f",
                    List.of(Attachment.of(new byte[] {1, 2, 3, 4}).orElseThrow()),
                    AttachmentPolicy.DEFAULT.sharedFrom(1),
                    memory);
            AttachmentPlace place = AttachmentPlace.decode(call.parts().get(0)).get(0);

            ReplyAttachments result = outboxes.read(parts(place.segment(), 1, 2, 0), call);
            call.release();

            assertThat(result.views().get(0)).isEqualTo(ByteBuffer.wrap(new byte[] {2, 3}));
            assertThat(memory.bytesInUse()).isEqualTo(SIZE);
            result.release();
            assertThat(memory.bytesInUse()).isZero();
        }
    }

    @Nested
    class AFolderOfFiles {

        @Test
        void makesFilesWithAllTheirMemoryAndCutsThemToNothing(@TempDir Path path) throws IOException {
            FileFolder files = new FileFolder(path, () -> {});

            ByteBuffer segment = files.create(7, SIZE + 1);
            segment.put(SIZE, (byte) 9);

            assertThat(Files.size(path.resolve("7"))).isEqualTo(SIZE + 1);
            assertThat(Files.readAllBytes(path.resolve("7"))[SIZE]).isEqualTo((byte) 9);
            files.destroy(7);
            assertThat(path.resolve("7")).doesNotExist();
        }

        @Test
        void leavesNothingWhereThereIsNoRoom(@TempDir Path path) throws IOException {
            FileFolder files = new FileFolder(path.resolve("gone"), () -> {});

            assertThatThrownBy(() -> files.create(7, SIZE)).isInstanceOf(IOException.class);
            assertThat(path).isEmptyDirectory();
        }

        @Test
        void isNotClosedByAnInterruptOfTheCallersThread(@TempDir Path path) throws IOException {
            FileFolder files = new FileFolder(path, () -> {});
            Thread.currentThread().interrupt();

            ByteBuffer segment = files.create(7, SIZE);

            assertThat(Thread.interrupted()).isTrue();
            assertThat(segment.capacity()).isEqualTo(SIZE);
        }
    }
}
