package leanvit.vit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import leanvit.reducers.Reducers;
import leanvit.testdata.TestData;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a Flight Recorder sees. */
class FlightTest {

    @Test
    void loadingBatchesAndRefusalsAreEvents(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("flight.jfr");
        try (Recording recording = new Recording()) {
            for (String name : List.of("leanvit.Inference", "leanvit.ModelLoad", "leanvit.Refusal")) {
                recording.enable(name).withoutThreshold();
            }
            recording.start();
            Classifier classifier = Classifier.load(TestData.path("demo/model")).with(Reducers.parse("tome:r=16"));
            Picture cup = Picture.of(TestData.path("demo/pictures/cup.png"));
            classifier.run(List.of(cup, Picture.of(new byte[1])), 1);
            assertThatThrownBy(() -> classifier.with(CallLimits.usual().withTime(Duration.ZERO)).run(cup, 1))
                    .isInstanceOf(RefusedException.class);
            recording.stop();
            recording.dump(file);
        }
        List<RecordedEvent> events = RecordingFile.readAllEvents(file);
        assertThat(events).extracting(event -> event.getEventType().getName())
                .containsExactlyInAnyOrder("leanvit.ModelLoad", "leanvit.Inference", "leanvit.Refusal");
        for (RecordedEvent event : events) {
            switch (event.getEventType().getName()) {
                case "leanvit.ModelLoad" -> {
                    assertThat(event.getLong("parameters")).isPositive();
                    assertThat(event.getString("provider")).contains(" kernels");
                }
                case "leanvit.Inference" -> {
                    assertThat(event.getString("reducer")).isEqualTo("tome:r=16");
                    assertThat(event.getInt("pictures")).isEqualTo(1);
                    assertThat(event.getInt("broken")).isEqualTo(1);
                    assertThat(event.getString("tokens")).isEqualTo("145 129 113 97 81 65 49");
                    assertThat(event.getDouble("modelMillis")).isPositive();
                    assertThat(event.getDouble("decodeMillis")).isPositive();
                    assertThat(event.getDuration()).isPositive();
                }
                default -> assertThat(event.getString("reason")).isEqualTo("DEADLINE");
            }
        }
    }
}
