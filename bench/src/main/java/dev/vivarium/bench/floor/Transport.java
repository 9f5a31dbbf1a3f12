package dev.vivarium.bench.floor;

/** What the floor's frames go through. */
public enum Transport {
    /** The standard input and output of the Python process. */
    PIPE("pipe"),
    /** A Unix socket, which the JVM listens on. */
    SOCKET("socket");

    private final String word;

    Transport(String word) {
        this.word = word;
    }

    /** Returns the word for it in reports and on the command line. */
    public String word() {
        return word;
    }
}
