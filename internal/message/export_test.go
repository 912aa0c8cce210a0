package message

// SimpleMailbox is simpleMailbox for the tests of package message_test.
var SimpleMailbox = simpleMailbox
