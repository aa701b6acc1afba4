package leanvit.spring;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import leanvit.testdata.TestData;
import leanvit.vit.Classifier;
import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** A web application under load: every answer is the library's own, and health and meters tell of it. */
class WebApplicationTest {

    private static final int ROUNDS = 20;

    /** Answers with an embedding. */
    @EnableAutoConfiguration
    @RestController
    static class Application {

        private final Classifier classifier;

        Application(Classifier classifier) {
            this.classifier = classifier;
        }

        @PostMapping("/embed")
        float[] embed(@RequestBody byte[] picture) throws IOException {
            return classifier.embed(picture);
        }
    }

    @Test
    void answersUnderLoadAreTheLibrarys() throws Exception {
        List<Path> pictures;
        try (Stream<Path> all = Files.list(TestData.directory().resolve("demo/pictures"))) {
            pictures = all.filter(path -> path.toString().endsWith(".png")).sorted().toList();
        }
        Classifier own = Classifier.load(LeanvitAutoConfigurationTest.DEMO);
        try (ConfigurableApplicationContext context = SpringApplication.run(Application.class, "--server.port=0",
                "--leanvit.model=" + LeanvitAutoConfigurationTest.DEMO, "--leanvit.warm-up.longest=5s",
                "--management.endpoint.health.show-details=always", "--spring.main.banner-mode=off",
                "--management.endpoints.web.exposure.include=health,metrics",
                "--management.endpoint.health.probes.enabled=true",
                "--management.endpoint.health.group.readiness.include=readinessState,leanvit")) {
            String base = "http://localhost:" + context.getEnvironment().getProperty("local.server.port");
            HttpClient client = HttpClient.newHttpClient();
            List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
            for (int i = 0; i < ROUNDS * pictures.size(); i++) {
                answers.add(client.sendAsync(HttpRequest.newBuilder(URI.create(base + "/embed"))
                        .header("Content-Type", "application/octet-stream")
                        .POST(HttpRequest.BodyPublishers.ofFile(pictures.get(i % pictures.size()))).build(),
                        HttpResponse.BodyHandlers.ofString()));
            }
            List<float[]> expected = new ArrayList<>();
            for (Path picture : pictures) {
                expected.add(own.embed(picture));
            }
            for (int i = 0; i < answers.size(); i++) {
                HttpResponse<String> answer = answers.get(i).get();
                assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
                String[] numbers = answer.body().replaceAll("[\\[\\] ]", "").split(",");
                float[] embedding = new float[numbers.length];
                for (int k = 0; k < numbers.length; k++) {
                    embedding[k] = Float.parseFloat(numbers[k]);
                }
                assertThat(embedding).as("answer %d", i).isEqualTo(expected.get(i % expected.size()));
            }
            assertThat(get(client, base + "/actuator/health/readiness")).startsWith("200 ").contains("\"UP\"",
                    "vit_demo_patch8_96");
            assertThat(get(client, base + "/actuator/metrics/leanvit.pictures")).startsWith("200 ");
        }
    }

    private static String get(HttpClient client, String address) throws Exception {
        HttpResponse<String> answer = client.send(HttpRequest.newBuilder(URI.create(address)).build(),
                HttpResponse.BodyHandlers.ofString());
        return answer.statusCode() + " " + answer.body();
    }
}
