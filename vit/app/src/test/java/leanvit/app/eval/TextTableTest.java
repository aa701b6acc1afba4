package leanvit.app.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;

class TextTableTest {

    @Test
    void alignsColumns() {
        TextTable table = new TextTable(List.of("what", "number", ""));
        table.add(List.of("a", "1.5", ""));
        table.add(List.of("longer", "1000000", ""));
        assertThat(table.text()).isEqualTo("""
                what     number
                a           1.5
                longer  1000000
                """);
        assertThatIllegalArgumentException().isThrownBy(() -> table.add(List.of("a")));
    }

    @Test
    void writesMarkdown() {
        TextTable table = new TextTable(List.of("what", "number"));
        table.add(List.of("a|b", "1.5"));
        assertThat(table.markdown()).isEqualTo("""
                | what | number |
                |:-----|-------:|
                | a\\|b |    1.5 |
                """);
    }
}
