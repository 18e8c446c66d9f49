package portal;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.security.oauth2.client.oidc.web.logout.OidcClientInitiatedLogoutSuccessHandler;
import org.springframework.security.oauth2.client.registration.ClientRegistrationRepository;
import org.springframework.security.oauth2.core.oidc.user.OidcUser;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.csrf.CsrfToken;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** A portal with Spring Security. The settings are those of README. */
@SpringBootApplication
@RestController
public class Portal {
	public static void main(String[] args) {
		SpringApplication.run(Portal.class, args);
	}

	@Bean
	SecurityFilterChain security(HttpSecurity http, ClientRegistrationRepository clients) throws Exception {
		var logout = new OidcClientInitiatedLogoutSuccessHandler(clients);
		logout.setPostLogoutRedirectUri("{baseUrl}/");
		return http
			.authorizeHttpRequests(r -> r.requestMatchers("/").permitAll().anyRequest().authenticated())
			.oauth2Login(l -> {})
			.logout(l -> l.logoutSuccessHandler(logout))
			.build();
	}

	@GetMapping("/")
	String home() {
		return "<p>Nobody</p>";
	}

	@GetMapping("/me")
	String me(@AuthenticationPrincipal OidcUser user) {
		return "<p>" + user.getFullName() + "</p>";
	}

	@GetMapping("/leave")
	String leave(CsrfToken csrf) {
		return "<form method=\"post\" action=\"/logout\"><input type=\"hidden\" name=\"_csrf\" value=\"" + csrf.getToken() + "\"></form>";
	}
}
