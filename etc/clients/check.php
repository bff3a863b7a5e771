#!/usr/bin/php
<?php
// Asks `retour serve --http` whom not to write to: one address a line on stdin, verdict and address a line on stdout. PHP 8 without extensions.
//	RETOUR_URL=http://127.0.0.1:8025 RETOUR_TOKEN_FILE=/etc/shop/retour.token ./check.php [STREAM] < addresses

ini_set('display_errors', 'stderr');

// The answers, in the same order. Whom it cannot ask about it does not write to: it throws.
function check(array $addresses, ?string $stream = null): array
{
    $question = ['addresses' => $addresses] + ($stream === null ? [] : ['stream' => $stream]);
    $context = stream_context_create(['http' => [
        'method' => 'POST',
        'header' => ['Content-Type: application/json', 'Authorization: Bearer ' . trim(file_get_contents(getenv('RETOUR_TOKEN_FILE')))],
        'content' => json_encode($question, JSON_THROW_ON_ERROR),
        'timeout' => 30,
    ]]);
    $answer = file_get_contents((getenv('RETOUR_URL') ?: 'http://127.0.0.1:8025') . '/check', false, $context);
    if ($answer === false) {
        throw new RuntimeException('retour does not answer');
    }
    return json_decode($answer, true, 16, JSON_THROW_ON_ERROR)['answers'];
}

$everybody = file('php://stdin', FILE_IGNORE_NEW_LINES);
foreach (array_chunk($everybody, 10000) as $some) {
    foreach (check($some, $argv[1] ?? null) as $answer) {
        echo $answer['verdict'], "\t", $answer['address'], "\n";
    }
}
