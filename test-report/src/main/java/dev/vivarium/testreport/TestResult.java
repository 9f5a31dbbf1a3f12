package dev.vivarium.testreport;

import java.util.stream.Collectors;

/**
 * What one test of the build did. Immutable.
 *
 * @param module the folder of its module
 * @param type its class, nested ones after a dollar sign
 * @param method its method; empty where a class itself failed
 * @param name what it is called, with its layer or arguments
 * @param layer the layer of its pool; empty where it has none
 * @param status how it ended
 * @param seconds how long it took
 * @param seed the seed that it failed with; empty where none is known
 * @param failure what it failed with; empty where it did not
 */
record TestResult(
        String module,
        String type,
        String method,
        String name,
        String layer,
        Status status,
        double seconds,
        String seed,
        String failure) {

    /** A longer text of a failure is cut off, as in the journal. */
    static final int LONGEST_FAILURE = 2_000;

    private static final int HEADLINE = 300;

    TestResult {
        failure = failure.length() > LONGEST_FAILURE ? failure.substring(0, LONGEST_FAILURE) : failure;
    }

    enum Status {
        PASSED,
        FAILED,
        SKIPPED
    }

    /** Returns the test as it is given to the classifier, such as {@code com.acme.PriceTest#isRight}. */
    String test() {
        return method.isEmpty() ? type : type + "#" + method;
    }

    /** Returns the class in whose file it is. */
    String topType() {
        int nested = type.indexOf('$');
        return nested < 0 ? type : type.substring(0, nested);
    }

    /** Returns what it failed with in one line, which may be cut off; assertions often begin with an empty one. */
    String headline() {
        String line = failure.lines()
                .map(String::strip)
                .filter(each -> !each.isEmpty())
                .collect(Collectors.joining(" "));
        return line.length() > HEADLINE ? line.substring(0, HEADLINE) + " ..." : line;
    }

    boolean failed() {
        return status == Status.FAILED;
    }
}
