package dev.vivarium.chaos;

/** What can become of a frame on its way. */
public enum FrameEffect {
    /** One bit of its body is changed, which makes it no text any more. */
    CORRUPT,
    /** Half of it comes, and then the end of the connection. */
    TRUNCATE,
    /** It comes twice. */
    DUPLICATE,
    /** It comes after the next one in its direction. */
    REORDER,
    /** It is lost. */
    DROP,
    /** It announces more bytes than any limit allows. */
    OVERSIZE,
    /** An answer comes under the id of a call that nobody made. Answers only. */
    MISADDRESS,
    /** An answer comes under the id of the call that was made before its own: another's. Answers only. */
    CROSS,
    /** An answer comes when its call has been cancelled, or the fault is healed. Answers only. */
    BELATE,
    /** An answer's result is replaced by another well-formed one, which only an end-to-end checksum finds. Answers only. */
    FORGE;

    /** Returns whether it befalls answers only. */
    public boolean isOfAnswers() {
        return switch (this) {
            case MISADDRESS, CROSS, BELATE, FORGE -> true;
            case CORRUPT, TRUNCATE, DUPLICATE, REORDER, DROP, OVERSIZE -> false;
        };
    }
}
