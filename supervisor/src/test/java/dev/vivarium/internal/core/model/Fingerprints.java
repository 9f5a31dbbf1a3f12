package dev.vivarium.internal.core.model;

import java.util.Arrays;

/** Numbers fingerprints in the order in which they come. Without an object for each: there are millions. */
final class Fingerprints {

    private long[] high = new long[1024];
    private long[] low = new long[1024];
    // One more than the number; 0 where there is none.
    private int[] places = new int[4096];
    private int size;

    int size() {
        return size;
    }

    /** Returns the number of a fingerprint; one that was not there before gets the next, and counts from then on. */
    int number(Fingerprint print) {
        int place = find(print.high(), print.low());
        if (places[place] != 0) {
            return places[place] - 1;
        }
        if (size == high.length) {
            grow();
            place = find(print.high(), print.low());
        }
        high[size] = print.high();
        low[size] = print.low();
        places[place] = ++size;
        return size - 1;
    }

    /** Returns the place of a fingerprint, or the free one where it belongs. */
    private int find(long first, long second) {
        int mask = places.length - 1;
        int place = (int) second & mask;
        while (places[place] != 0 && (high[places[place] - 1] != first || low[places[place] - 1] != second)) {
            place = (place + 1) & mask;
        }
        return place;
    }

    private void grow() {
        high = Arrays.copyOf(high, size * 2);
        low = Arrays.copyOf(low, size * 2);
        places = new int[places.length * 2];
        for (int i = 0; i < size; i++) {
            places[find(high[i], low[i])] = i + 1;
        }
    }
}
