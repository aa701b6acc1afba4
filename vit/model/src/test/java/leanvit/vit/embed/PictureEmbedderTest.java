package leanvit.vit.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import leanvit.reducers.Reducers;
import leanvit.testdata.TestData;
import leanvit.vit.Classifier;
import leanvit.vit.Picture;
import leanvit.vit.data.PictureFiles;
import leanvit.vit.io.InvalidInputException;
import org.junit.jupiter.api.Test;

class PictureEmbedderTest {

    @Test
    void threadsAndBatchesChangeNoBitsAndBrokenPicturesStandInTheirPlace() throws IOException {
        List<Path> files = new ArrayList<>(PictureFiles.find(List.of(TestData.path("demo/pictures"))));
        files.add(3, Path.of("none.png"));
        Classifier classifier = Classifier.load(TestData.path("demo/model")).with(Reducers.parse("tome:r=8"));
        for (int[] each : new int[][] {{1, 1}, {1, 5}, {2, 1}, {3, 4}, {2, 100}}) {
            List<Integer> seen = new ArrayList<>();
            new PictureEmbedder(classifier, each[0], each[1]).run(files.size(), i -> Picture.of(files.get(i)),
                    (i, outcome) -> {
                        seen.add(i);
                        if (i == 3) {
                            assertThat(outcome.problem()).isInstanceOf(InvalidInputException.class)
                                    .hasMessageContaining("none.png");
                        } else if (i % 4 == 0) {
                            assertThat(outcome.get()).containsExactly(classifier.embed(files.get(i)));
                        }
                    });
            assertThat(seen).hasSize(files.size()).isSorted();
        }
        assertThatThrownBy(() -> new PictureEmbedder(classifier, 2, 2).run(files.size(),
                i -> Picture.of(files.get(i)), (i, outcome) -> {
                    throw new IOException("full");
                })).hasMessage("full");
        assertThatThrownBy(() -> new PictureEmbedder(classifier, 0, 1)).isInstanceOf(IllegalArgumentException.class);
    }
}
