package dev.vivarium.examples;

import dev.vivarium.PoolConfig;
import dev.vivarium.PythonPool;
import dev.vivarium.protocol.Tensor;
import java.nio.file.Path;
import java.util.concurrent.CompletionStage;

/** A service that computes with images in Python. Pixels go there and back beside the JSON, large images through shared memory. */
public final class ImageService implements AutoCloseable {

    private final PythonPool pool;

    /** Starts the service with the handlers in {@code images.py}. */
    public ImageService(Path handlers) {
        pool = PythonPool.start(PoolConfig.builder()
                .name("images")
                .handlers(handlers.toString())
                .workers(2)
                .build());
    }

    /** Makes an image brighter, or darker; its pixels are 0 to 1, row by row. */
    public CompletionStage<Tensor> brighter(float[] pixels, int width, int height, double by) {
        Tensor image = Tensor.of(pixels, height, width);
        return pool.call("brighter", Tensor.class, image, by);
    }

    @Override
    public void close() {
        pool.close();
    }
}
