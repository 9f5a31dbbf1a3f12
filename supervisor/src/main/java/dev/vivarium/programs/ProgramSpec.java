package dev.vivarium.programs;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A program that is to be created. Immutable; every method returns a changed copy. What it says is checked in the worker.
 */
public final class ProgramSpec {

    private record Signature(
            @JsonProperty("inputs") List<ProgramField> inputs,
            @JsonProperty("outputs") List<ProgramField> outputs) {}

    private final String id;
    private final Object signature;
    private final ProgramKind kind;
    private final String instructions;

    private ProgramSpec(String id, Object signature, ProgramKind kind, String instructions) {
        this.id = Objects.requireNonNull(id, "id");
        this.signature = signature;
        this.kind = Objects.requireNonNull(kind, "kind");
        this.instructions = Objects.requireNonNull(instructions, "instructions");
    }

    /**
     * Returns the specification of a program whose signature is text.
     *
     * @param id names it within its session; 1 to 128 characters
     * @param signature such as {@code "question, hits: int -> answer"}; at most 4,000 characters, 32 fields
     */
    public static ProgramSpec of(String id, String signature) {
        return new ProgramSpec(id, Objects.requireNonNull(signature, "signature"), ProgramKind.PREDICT, "");
    }

    /**
     * Returns the specification of a program whose fields are given one by one.
     *
     * @param id names it within its session; 1 to 128 characters
     */
    public static ProgramSpec of(String id, List<ProgramField> inputs, List<ProgramField> outputs) {
        return new ProgramSpec(id, new Signature(List.copyOf(inputs), List.copyOf(outputs)), ProgramKind.PREDICT, "");
    }

    /** Returns a copy of another kind. Default: PREDICT. */
    public ProgramSpec kind(ProgramKind other) {
        return new ProgramSpec(id, signature, other, instructions);
    }

    /** Returns a copy with instructions for the language model; at most 10,000 characters. */
    public ProgramSpec instructions(String text) {
        return new ProgramSpec(id, signature, kind, text);
    }

    /** Returns the id. */
    public String id() {
        return id;
    }

    Object signature() {
        return signature;
    }

    String kindWord() {
        return kind == ProgramKind.PREDICT ? "predict" : "chain_of_thought";
    }

    String instructions() {
        return instructions;
    }

    /** Compares everything. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ProgramSpec that
                && id.equals(that.id)
                && signature.equals(that.signature)
                && kind == that.kind
                && instructions.equals(that.instructions);
    }

    /** Fits {@link #equals}. */
    @Override
    public int hashCode() {
        return Objects.hash(id, signature, kind, instructions);
    }

    /** Names id and kind. */
    @Override
    public String toString() {
        return "ProgramSpec(" + id + ", " + kind + ")";
    }
}
