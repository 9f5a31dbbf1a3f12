package dev.vivarium.testreport;

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

    boolean failed() {
        return status == Status.FAILED;
    }
}
