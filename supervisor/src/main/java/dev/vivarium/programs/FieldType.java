package dev.vivarium.programs;

import com.fasterxml.jackson.annotation.JsonProperty;

/** What the value of a field is. */
public enum FieldType {
    /** Text. */
    @JsonProperty("str")
    TEXT,
    /** A whole number. */
    @JsonProperty("int")
    INTEGER,
    /** A number. */
    @JsonProperty("float")
    NUMBER,
    /** True or false. */
    @JsonProperty("bool")
    BOOLEAN,
    /** A list. */
    @JsonProperty("list")
    LIST,
    /** An object of names and values. */
    @JsonProperty("dict")
    OBJECT
}
