package leanvit.vit.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import leanvit.vit.io.InvalidInputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PictureFilesTest {

    @TempDir
    private Path folder;

    @Test
    void picturesAreFoundByNameInOrderAndOnce() throws IOException {
        for (String name : List.of("b.JPG", "a.png", "sub/c.jpeg", "sub/deep/d.Png", "notes.txt", "._a.png", "z/y")) {
            Files.createDirectories(folder.resolve(name).getParent());
            Files.writeString(folder.resolve(name), "");
        }
        List<Path> found =
                PictureFiles.find(List.of(folder.resolve("sub/c.jpeg"), folder, folder.resolve("notes.txt")));
        assertThat(found).extracting(path -> folder.relativize(path).toString().replace('\\', '/'))
                .containsExactly("sub/c.jpeg", "a.png", "b.JPG", "sub/deep/d.Png", "notes.txt");
    }

    @Test
    void whatIsMissingIsNamed() throws IOException {
        assertThatThrownBy(() -> PictureFiles.find(List.of(folder.resolve("none"))))
                .isInstanceOf(InvalidInputException.class).hasMessageContaining("no such file or folder");
        assertThatThrownBy(() -> PictureFiles.find(List.of(folder))).isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("no pictures");
        Files.writeString(folder.resolve("a.png"), "");
        Files.createSymbolicLink(folder.resolve("again"), folder);
        assertThatThrownBy(() -> PictureFiles.find(List.of(folder))).isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("again: a link to a folder that it lies in");
    }
}
