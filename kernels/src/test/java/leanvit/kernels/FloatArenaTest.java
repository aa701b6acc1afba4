package leanvit.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class FloatArenaTest {

    @Test
    void areasAreWholeLinesApartAndDoNotOverlap() {
        int[] lengths = {1, 16, 17, 0, 5, 64, 31};
        FloatArena arena = new FloatArena(FloatArena.sizeOf(lengths));
        int next = FloatArena.START;
        for (int length : lengths) {
            int area = arena.allocate(length);
            assertThat(area).isEqualTo(next);
            next += (length + 15) / 16 * 16;
        }
        assertThat(arena.array()).hasSize(next).containsOnly(0f);
        assertThat(FloatArena.sizeOf()).isZero();
        assertThat(FloatArena.sizeOf(1, 16, 17)).isEqualTo(16 + 16 + 32);
    }

    @Test
    void theStartFitsEveryHeader() {
        assertThat(FloatArena.start(16)).isEqualTo(12);
        assertThat(FloatArena.start(12)).isEqualTo(13);
        assertThat(FloatArena.start(20)).isEqualTo(11);
        assertThat(FloatArena.start(24)).isEqualTo(10);
        assertThat(FloatArena.start(64)).isZero();
        assertThat(FloatArena.START).isBetween(10, 13);
    }

    @Test
    void theLastAreaMayBeNoWholeLine() {
        FloatArena arena = new FloatArena(20);
        assertThat(arena.allocate(3)).isEqualTo(FloatArena.START);
        assertThat(arena.allocate(4)).isEqualTo(FloatArena.START + 16);
        assertThat(arena.array()).hasSize(FloatArena.START + 20);
        assertThat(arena.allocate(0)).isEqualTo(FloatArena.START + 20);
        assertThatThrownBy(() -> arena.allocate(1)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("an area of 1 floats does not fit the 0 that are left of an arena of 20");
    }

    @Test
    void whatCannotBeIsRefused() {
        assertThatThrownBy(() -> new FloatArena(-1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new FloatArena(Integer.MAX_VALUE)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("an arena of 2147483647 floats");
        FloatArena arena = new FloatArena(32);
        assertThatThrownBy(() -> arena.allocate(-1)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("floats is -1, expected 0 or more");
        assertThatThrownBy(() -> arena.allocate(33)).isInstanceOf(IllegalArgumentException.class);
        assertThat(arena.allocate(32)).isEqualTo(FloatArena.START);
        assertThatThrownBy(() -> FloatArena.sizeOf(3, -2)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("length is -2, expected 0 or more");
        assertThat(FloatArena.sizeOf(Integer.MAX_VALUE, Integer.MAX_VALUE)).isEqualTo(1L << 32);
    }
}
