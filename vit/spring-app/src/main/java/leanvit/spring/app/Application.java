package leanvit.spring.app;

import java.io.IOException;
import java.util.List;
import leanvit.vit.Classifier;
import leanvit.vit.Prediction;
import leanvit.vit.io.InvalidInputException;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** A picture in, its likeliest classes out. */
@SpringBootApplication
@RestController
public class Application {

    private final Classifier classifier;

    Application(Classifier classifier) {
        this.classifier = classifier;
    }

    /** Starts the application. */
    public static void main(String[] arguments) {
        SpringApplication.run(Application.class, arguments);
    }

    /** Classifies the JPEG or PNG file that is the request's body. */
    @PostMapping("/classify")
    List<Prediction> classify(@RequestBody byte[] picture) throws IOException {
        return classifier.classify(picture, 5);
    }

    /** A body that is no sound picture is the client's fault. */
    @ExceptionHandler
    ResponseEntity<String> unreadable(InvalidInputException problem) {
        return ResponseEntity.status(HttpStatus.UNPROCESSABLE_ENTITY).body(problem.getMessage());
    }
}
