# tipline-receiver.  tipline_receiver is all of it but main(), for the tests;
# tipline_intake_parsers is what needs no libevent.
room(intake_parsers http_parse.c multipart.c proxy_line.c admission.c
	code_text.c route.c text_back.c progress.c)
target_link_libraries(tipline_intake_parsers PUBLIC tipline_site
	tipline_crypto tipline_base)

# What opens a reply for somebody who has its code, and no tip.
room(mail mail.c)
target_link_libraries(tipline_mail PUBLIC tipline_intake_parsers
	tipline_crypto_reply tipline_crypto tipline_base)

room(receiver receiver.c receiver_setup.c conn.c conn_head.c conn_body.c
	conn_mail.c conn_page.c conn_progress.c conn_salvage.c
	upload.c upload_form.c keeper_link.c)
target_link_libraries(tipline_receiver PUBLIC tipline_mail
	tipline_intake_parsers tipline_control tipline_keeper_msg tipline_crypto tipline_base
	PRIVATE PkgConfig::EVENT)

add_executable(tipline-receiver receiver_main.c)
target_link_libraries(tipline-receiver PRIVATE tipline_receiver
	PkgConfig::EVENT)
