package leanvit.vit.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import leanvit.vit.image.Pictures;
import leanvit.vit.image.RgbImage;
import leanvit.vit.io.InvalidInputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingFolderTest {

    @TempDir
    private Path folder;

    private void picture(String name) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        Pictures.writePng(RgbImage.black(4, 4), file);
    }

    @Test
    void aFolderPerClassInTheOrderOfTheirNames() throws IOException {
        picture("tulip/b.png");
        picture("tulip/a.PNG");
        picture("rose/z.png");
        Files.createDirectory(folder.resolve("empty"));
        Files.writeString(folder.resolve("rose/notes.txt"), "no picture");
        TrainingFolder found = TrainingFolder.of(folder);
        assertThat(found.labels()).containsExactly("rose", "tulip");
        assertThat(found.size()).isEqualTo(3);
        assertThat(found.name(1)).isEqualTo(folder.resolve("tulip/a.PNG").toString());
        assertThat(found.sample(0, 1).label()).isEqualTo(1);
        assertThat(TrainingFolder.of(folder, 2).size()).isEqualTo(3);
        assertThatThrownBy(() -> TrainingFolder.of(folder, 3))
                .hasMessage(folder + ": pictures of 2 classes, expected a folder for each of the model's 3 classes");
    }

    @Test
    void labelsOfAListHaveNamesWhereThereAreSome() throws IOException {
        picture("a.png");
        picture("b.png");
        Files.writeString(folder.resolve("labels.csv"), "file,label\na.png,2\nb.png,0\n");
        assertThat(TrainingFolder.of(folder).labels()).containsExactly("0", "1", "2");
        assertThat(TrainingFolder.of(folder).emptyClasses()).containsExactly("1");
        assertThat(TrainingFolder.of(folder, 5).labels()).hasSize(3);
        assertThatThrownBy(() -> TrainingFolder.of(folder, 2)).isInstanceOf(InvalidInputException.class)
                .hasMessage(folder.resolve("labels.csv") + ": line 2: label \"2\", expected a whole number from 0 to "
                        + "1, as the model has 2 classes");
        Files.writeString(folder.resolve("labels.csv"), "file,label\na.png,two\nb.png,0\n");
        assertThatThrownBy(() -> TrainingFolder.of(folder))
                .hasMessageEndingWith("line 2: label \"two\", expected a whole number from 0 to 999999");
        Files.writeString(folder.resolve("labels.csv"), "file,label\na.png,2\nb.png,0\n");
        Files.writeString(folder.resolve("labels.txt"), "x\ny\nz\n");
        assertThat(TrainingFolder.of(folder).labels()).containsExactly("x", "y", "z");
        assertThat(TrainingFolder.of(folder).sample(3, 0).label()).isEqualTo(2);
        Files.writeString(folder.resolve("labels.txt"), "x\ny\n");
        assertThatThrownBy(() -> TrainingFolder.of(folder)).isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("line 2: label \"2\", expected a whole number from 0 to 1");
    }

    @Test
    void whatCannotBeLearntFromIsRefused() throws IOException {
        assertThatThrownBy(() -> TrainingFolder.of(folder)).hasMessage(folder
                + ": no pictures; expected labels.csv, or a folder for each class with JPEGs or PNGs in it");
        picture("rose/a.png");
        assertThatThrownBy(() -> TrainingFolder.of(folder))
                .hasMessage(folder + ": all pictures are of one class, rose; expected two classes or more");
        Path missing = folder.resolve("missing");
        assertThatThrownBy(() -> TrainingFolder.of(missing)).hasMessage(missing + ": no such folder");
    }

    @Test
    void partsOfASeedAreDisjointAndEven() throws IOException {
        for (int i = 0; i < 10; i++) {
            picture("a/" + i + ".png");
            picture("b/" + i + ".png");
        }
        TrainingFolder all = TrainingFolder.of(folder);
        TrainingFolder held = all.part(0.3, false, 7);
        TrainingFolder rest = all.part(0.3, true, 7);
        assertThat(names(held)).hasSize(6).doesNotContainAnyElementsOf(names(rest)).isEqualTo(names(
                all.part(0.3, false, 7))).isNotEqualTo(names(all.part(0.3, false, 8)));
        assertThat(names(rest)).hasSize(14);
        assertThat(names(held).stream().filter(name -> name.contains("/a/"))).hasSize(3);
        assertThat(all.limited(8, 1).size()).isEqualTo(8);
        assertThat(all.limited(80, 1).size()).isEqualTo(20);
    }

    private static List<String> names(TrainingFolder folder) {
        return IntStream.range(0, folder.size()).mapToObj(folder::name).toList();
    }
}
