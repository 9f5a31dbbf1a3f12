package dev.vivarium.internal.guardian;

import dev.vivarium.PoolConfig;
import dev.vivarium.PoolStartFailed;
import dev.vivarium.internal.attachment.FileFolder;
import dev.vivarium.internal.attachment.SegmentFolder;
import dev.vivarium.internal.attachment.SharedMemory;
import dev.vivarium.internal.context.PoolContext;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folders of a pool's shared memory: one where shared memory is, and one beside the private directory, for when that is full.
 * Both are private and locked as the private directory is; they are the pool's, not one guardian's.
 */
final class SharedFolders {

    private static final Logger log = LoggerFactory.getLogger(SharedFolders.class);

    private SharedFolders() {}

    /** Makes them, unless that has been done; blocks. */
    static void open(PoolContext context) {
        SharedMemory memory = context.sharedMemory();
        if (!memory.isWanted()) {
            return;
        }
        PoolConfig config = context.config();
        List<SegmentFolder> folders = new ArrayList<>();
        Path shared = config.attachments().sharedFolder();
        if (Files.isDirectory(shared)) {
            try {
                folders.add(folder(context, shared));
            } catch (PoolStartFailed e) {
                log.info("large attachments go through {}: {}", config.runtimeDirectory(), e.getMessage());
            }
        } else {
            log.info("large attachments go through {}, because there is no {}", config.runtimeDirectory(), shared);
        }
        if (folders.isEmpty() || !shared.equals(config.runtimeDirectory())) {
            folders.add(folder(context, config.runtimeDirectory()));
        }
        if (!memory.open(folders)) {
            folders.forEach(SegmentFolder::close);
        }
    }

    private static SegmentFolder folder(PoolContext context, Path parent) {
        RuntimeDirectory made = RuntimeDirectory.createForSegments(
                parent, context.config().name(), context.entropy().token(4));
        return new FileFolder(made.path(), made::close);
    }
}
