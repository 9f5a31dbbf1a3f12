package dev.vivarium.examples;

import dev.vivarium.PoolConfig;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonPool;
import dev.vivarium.Signal;
import dev.vivarium.WorkerSnapshot;
import java.nio.file.Path;
import java.util.concurrent.CompletionStage;

/** A chat service. What was said in a conversation is there for its next line, also when its worker is killed in between. */
public final class ChatService implements AutoCloseable {

    private final PythonPool pool;

    /** Starts the service with the handlers in {@code chat.py}. */
    public ChatService(Path handlers) {
        pool = PythonPool.start(PoolConfig.builder()
                .name("chat")
                .handlers(handlers.toString())
                .workers(2)
                .build());
    }

    /**
     * Says something in a conversation.
     *
     * @param message names the message: one that is sent again gets the same answer, and is not said twice
     */
    public CompletionStage<String> say(String conversation, String message, String text) {
        return pool.session(conversation)
                .callOnce(message, PythonCall.to("say").args(text).returning(String.class));
    }

    /** Kills every worker, as {@code kill -9} would. */
    void killWorkers() {
        for (WorkerSnapshot worker : pool.snapshot().workers()) {
            pool.signal(worker.worker(), worker.incarnation(), Signal.KILL);
        }
    }

    @Override
    public void close() {
        pool.close();
    }

    /** Holds a short conversation, and kills the workers in the middle of it. */
    public static void main(String[] args) {
        try (ChatService chat = new ChatService(Path.of("python/chat.py"))) {
            print(chat, "1", "my name is Ada");
            chat.killWorkers();
            print(chat, "2", "what is my name?");
            print(chat, "2", "what is my name?");
            print(chat, "3", "good");
        }
    }

    private static void print(ChatService chat, String message, String text) {
        System.out.println("> " + text);
        System.out.println(chat.say("ada", message, text).toCompletableFuture().join());
    }
}
