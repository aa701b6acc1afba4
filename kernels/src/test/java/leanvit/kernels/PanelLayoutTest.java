package leanvit.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class PanelLayoutTest {

    @Test
    void panelsFollowOneAnotherAndCoverAllColumns() {
        for (int columns = 0; columns <= 1200; columns++) {
            int next = 0;
            int panels = PanelLayout.panels(columns);
            for (int panel = 0; panel < panels; panel++) {
                assertThat(PanelLayout.column(columns, panel)).as("first column of panel %d of %d", panel, columns)
                        .isEqualTo(next);
                int width = PanelLayout.width(columns, panel);
                assertThat(width % PanelLayout.LANES).isZero();
                assertThat(width / PanelLayout.LANES).as("vectors of panel %d of %d", panel, columns).isBetween(2, 3);
                assertThat(PanelLayout.isWide(width)).isEqualTo(width == 3 * PanelLayout.LANES);
                assertThat(next).as("panel %d of %d is all padding", panel, columns).isLessThan(columns);
                next += width;
            }
            assertThat(next).as("padded columns of %d", columns).isGreaterThanOrEqualTo(columns)
                    .isLessThan(columns + 2 * PanelLayout.LANES);
            assertThat(PanelLayout.column(columns, panels)).isEqualTo(next);
        }
    }

    @Test
    void paddedColumnsAreTheFewestThatLeaveNoRaggedPanel() {
        for (int columns = 0; columns <= 1200; columns++) {
            int padded = PanelLayout.paddedColumns(columns);
            assertThat(padded).as("padded columns of %d", columns).isGreaterThanOrEqualTo(columns)
                    .isLessThan(columns + 2 * PanelLayout.LANES).isEqualTo(wholePanels(padded));
            for (int fewer = columns; fewer < padded; fewer++) {
                assertThat(wholePanels(fewer)).as("whole panels of %d", fewer).isNotEqualTo(fewer);
            }
        }
    }

    /** Returns how many columns lie in panels that they fill. */
    private static int wholePanels(int columns) {
        int panels = PanelLayout.panels(columns);
        int last = panels == 0 ? 0 : PanelLayout.column(columns, panels - 1);
        return panels > 0 && last + PanelLayout.width(columns, panels - 1) <= columns
                ? PanelLayout.column(columns, panels) : last;
    }

    @Test
    void onlyTheLastTwoWholePanelsAreNarrowWhereRegistersSuffice() {
        for (int columns = 1; columns <= 1200; columns++) {
            int panels = PanelLayout.panels(columns);
            boolean wideAtAll = PanelLayout.isWide(PanelLayout.width(1200, 0));
            for (int panel = 0; panel < panels - 3; panel++) {
                assertThat(PanelLayout.isWide(PanelLayout.width(columns, panel))).as("panel %d of %d", panel, columns)
                        .isEqualTo(wideAtAll);
            }
        }
    }

    @Test
    void packedPanelsDoNotOverlap() {
        for (int columns : new int[] {0, 1, 15, 16, 17, 33, 64, 97, 197, 577}) {
            for (int k : new int[] {0, 1, 7, 64}) {
                int next = 0;
                for (int panel = 0; panel < PanelLayout.panels(columns); panel++) {
                    assertThat(PanelLayout.offset(k, columns, panel)).as("panel %d of %d x %d", panel, k, columns)
                            .isEqualTo(next);
                    next += (k + 1) * PanelLayout.width(columns, panel);
                }
                assertThat(PanelLayout.packedLength(k, columns)).as("%d x %d", k, columns).isEqualTo(next);
            }
        }
    }

    @Test
    void aLengthBeyondAnArrayIsRefused() {
        assertThatThrownBy(() -> PanelLayout.packedLength(65_536, 65_536)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("65536 x 65536");
    }
}
