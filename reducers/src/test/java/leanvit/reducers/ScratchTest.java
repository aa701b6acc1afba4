package leanvit.reducers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Arrays that belong to one holder at a time, and what a reducer may not read. */
class ScratchTest {

    @Test
    void arraysAreDistinctUntilReleasedAndUsedAgainAfterwards() {
        Scratch scratch = new Scratch();
        float[] held = scratch.floats(5);
        int mark = scratch.mark();
        float[] taken = scratch.floats(100);
        assertThat(taken).isNotSameAs(held).hasSizeGreaterThanOrEqualTo(100);
        assertThat(scratch.floats(3)).isNotSameAs(taken);
        assertThat(scratch.ints(3)).isNotSameAs(scratch.ints(3));
        assertThat(scratch.longs(3)).isNotSameAs(scratch.longs(3));
        scratch.release(mark);
        assertThat(scratch.floats(100)).isSameAs(taken);
    }

    @Test
    void aMarkIsReleasedOnce() {
        Scratch scratch = new Scratch();
        int outer = scratch.mark();
        scratch.floats(1);
        int inner = scratch.mark();
        scratch.ints(1);
        scratch.release(outer);
        assertThatThrownBy(() -> scratch.release(inner)).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("released before");
    }

    @Test
    void aLoopThatNeverReleasesIsRefused() {
        Scratch scratch = new Scratch();
        assertThatThrownBy(() -> {
            for (int i = 0; i < 2000; i++) {
                scratch.longs(1);
            }
        }).isInstanceOf(IllegalStateException.class).hasMessageContaining("1023 arrays");
    }

    /** Assertions are on in tests. */
    @Test
    void whatIsReleasedIsSpoilt() {
        Scratch scratch = new Scratch();
        float[] floats = scratch.floats(3);
        int[] ints = scratch.ints(3);
        Arrays.fill(floats, 1);
        scratch.release(0);
        assertThat(floats).containsOnly(Float.NaN);
        assertThat(ints).containsOnly(Integer.MIN_VALUE);
    }

    @Test
    void matchingLeavesTheCallersArraysAlone() {
        Scratch scratch = new Scratch();
        float[] metric = scratch.floats(40);
        float[] values = Images.gaussians(new Random(1), 40);
        System.arraycopy(values, 0, metric, 0, 40);
        int mark = scratch.mark();
        TokenMap map = new TokenMap();
        ToMe.match(metric, 0, 4, 10, 4, 1, 3, map, scratch);
        KthBipartite.match(metric, 0, 4, 10, 4, 1, 2, map, scratch);
        RandomBipartite.match(metric, 0, 4, 10, 4, 1, 2, 1, map, scratch);
        assertThat(Arrays.copyOf(metric, 40)).containsExactly(values);
        assertThat(scratch.mark()).isEqualTo(mark);
    }

    @Test
    void whatWasNotDeclaredCannotBeRead() {
        TokenHost host = new TokenHost();
        ModelShape model = Images.shape(12, 8, 2, 1, 4);
        LayerTokens tokens = host.tokens();
        host.reset(model, 0, 5, new float[40], 0);
        host.prepare(Need.CLASS_ATTENTION);
        assertThat(tokens.classAttention()).hasSizeGreaterThanOrEqualTo(5);
        assertThatThrownBy(tokens::meanKey).isInstanceOf(IllegalStateException.class).hasMessageContaining("MEAN_KEY");
        assertThatThrownBy(tokens::columnAttention).hasMessageContaining("COLUMN_ATTENTION");
        assertThatThrownBy(tokens::headMaxAttention).hasMessageContaining("HEAD_MAX_ATTENTION");
        assertThatThrownBy(tokens::headMaxValue).hasMessageContaining("HEAD_MAX_VALUE");
        assertThatThrownBy(tokens::sizes).hasMessageContaining("tracksSize");
        host.reset(model, 1, 5, null, 0);
        assertThatThrownBy(tokens::classAttention).as("of the image before").isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(tokens::rows).hasMessageContaining("readsRows");
        host.prepareSizes();
        assertThat(tokens.sizes()).hasSizeGreaterThanOrEqualTo(5);
    }
}
