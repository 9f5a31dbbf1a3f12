package dev.vivarium.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

class DistributionTest {

    @Test
    void hasPercentilesThatAreValuesOfTheSet() {
        double[] values = IntStream.rangeClosed(1, 1000).asDoubleStream().toArray();

        assertThat(Distribution.of(values)).isEqualTo(new Distribution(1000, 1, 500, 900, 990, 999, 1000));
    }

    @Test
    void ofFewValuesHasTheLargestForHighPercentiles() {
        assertThat(Distribution.of(3, 1, 2)).isEqualTo(new Distribution(3, 1, 2, 3, 3, 3, 3));
    }

    @Test
    void ofNothingIsZero() {
        assertThat(Distribution.of()).isEqualTo(new Distribution(0, 0, 0, 0, 0, 0, 0));
        assertThat(Distribution.ofNanos(new Histogram(3))).isEqualTo(new Distribution(0, 0, 0, 0, 0, 0, 0));
    }

    @Test
    void ofNanosecondsIsInMicroseconds() {
        Histogram histogram = new Histogram(3);
        histogram.recordValue(1500);

        assertThat(Distribution.ofNanos(histogram)).isEqualTo(new Distribution(1, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5));
    }
}
