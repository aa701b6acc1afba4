package leanvit.vit.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WholeFileTest {

    @TempDir
    Path folder;

    @Test
    void replacesWhatStoodThere() throws IOException {
        Path file = folder.resolve("out.csv");
        WholeFile.write(file, part -> Files.writeString(part, "old"));
        WholeFile.write(file, part -> {
            assertThat(file).as("still there while the new one is written").hasContent("old");
            assertThat(part).doesNotExist();
            assertThat(part.getParent()).isEqualTo(folder);
            Files.writeString(part, "new");
        });
        assertThat(file).hasContent("new");
        assertThat(folder).isDirectoryNotContaining(path -> !path.equals(file));
    }

    @Test
    void leavesNothingWhereItFails() throws IOException {
        Path file = folder.resolve("out.csv");
        Files.writeString(file, "old");
        assertThatThrownBy(() -> WholeFile.write(file, part -> {
            Files.writeString(part, "half");
            throw new IOException("disk full");
        })).hasMessage(file + ": cannot be written: disk full; what was there stays");
        Path other = folder.resolve("other.csv");
        assertThatThrownBy(() -> WholeFile.write(other, part -> {
            throw new FileSystemException(part.toString(), null, "no room");
        })).hasMessage(other + ": cannot be written: no room");
        assertThat(file).hasContent("old");
        assertThat(folder).isDirectoryNotContaining(path -> !path.equals(file));
    }

    @Test
    void refusesWhatCannotBeAFile() {
        assertThatThrownBy(() -> WholeFile.check(folder)).isInstanceOf(InvalidInputException.class)
                .hasMessageEndingWith("cannot be written: it is a directory");
        assertThatThrownBy(() -> WholeFile.check(folder.resolve("no/out.csv")))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageEndingWith("cannot be written: its directory does not exist");
        assertThatThrownBy(() -> WholeFile.write(folder.resolve("no/out.csv"), part -> Files.writeString(part, "x")))
                .isInstanceOf(InvalidInputException.class);
    }
}
