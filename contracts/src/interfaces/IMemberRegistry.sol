// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

/// @title Roles of a member, as bits of a mask
library Role {
    /// @notice Attests to what its own records say, and proves from them.
    uint8 internal constant DEPARTMENT = 1;
    /// @notice Asks, with a subject's consent.
    uint8 internal constant BANK = 2;
    /// @notice Binds credit codes to subject ids.
    uint8 internal constant REGISTRAR = 4;
    /// @notice Records consents and their uses.
    uint8 internal constant RELAYER = 8;
    /// @notice Every role there is.
    uint8 internal constant ALL = 15;
}

/// @title What a key of a member may do, as bits of a mask
library KeyPurpose {
    /// @notice Signs batches of attestations.
    uint8 internal constant ATTEST = 1;
    /// @notice Signs changes of status that say nothing of why.
    uint8 internal constant STATUS = 2;
    /// @notice Signs changes of status that say that what was attested is erased.
    uint8 internal constant ERASE = 4;
    /// @notice Signs batches of the access log.
    uint8 internal constant LOG = 8;
    /// @notice Signs receipts, off the chain.
    uint8 internal constant RECEIPT = 16;
    /// @notice Sends what others signed.
    uint8 internal constant RELAY = 32;
    /// @notice Registers subjects and asks for their recovery.
    uint8 internal constant REGISTER = 64;
    /// @notice Signs in at an instance, off the chain.
    uint8 internal constant SIGN_IN = 128;
    /// @notice Every purpose there is.
    uint8 internal constant ALL = 255;
}

/// @title The members of a consortium, their keys and their validators
/// @notice Who takes part, in which roles, with which keys and when. Only the council writes. Nothing is ever deleted: what
/// a key did while it was valid stays checkable. Every function either gives power or takes it, which is what the council's
/// delays go by; setFrozen alone does both, by its argument.
///
/// A member's life:
///
///     None --addMember--> Active --suspend--> Suspended --reactivate--> Active
///                         Active, Suspended --retire--> Left     final
///
/// A key is valid at time t when validFrom <= t < validUntil and (compromisedFrom == 0 or t < compromisedFrom), and acts
/// only for its purposes, which never change. A key address belongs to one member for ever. validFrom may lie before the
/// block (a clock that is a little behind must not fail) and after it (a planned change of keys).
///
/// A validator's life (its record decides whether a vote of the chain's nodes was agreed on):
///
///     None --addValidator--> Admitted --removeValidator--> Removed --addValidator--> Admitted
///
/// While the members are frozen nobody acts, but for withdrawals, tombstones and the council.
///
/// Storage layout (made for eth_getProof; k . s is keccak256(abi.encode(k, s))):
///
///     slot 0   address owner
///     slot 1   mapping(bytes32 id => Member), at m = id . 1
///              m + 0: roles (bits 0-7), state (8-15), addedAt (16-79), stateSince (80-143)
///              m + 1: successor     m + 2: name     m + 3: serviceUrl
///     slot 2   mapping(bytes32 id => mapping(address key => KeyRecord)), at key . (id . 2), one slot:
///              validFrom (bits 0-63), validUntil (64-127), compromisedFrom (128-191), purposes (192-199); all zero: no
///              key of this member
///     slot 3   mapping(address key => bytes32 id), at key . 3
///     slot 4   mapping(address validator => Validator), at v = validator . 4
///              v + 0: member     v + 1: admittedAt (bits 0-63), removedAt (64-127)
///     slot 5   bool frozen
interface IMemberRegistry {
    /// @notice Active <-> Suspended, either -> Left, and Left is final. None: no such member.
    enum State {
        None,
        Active,
        Suspended,
        Left
    }

    /// @notice A member; `successor` is the member that took over its duties, or zero.
    struct Member {
        uint8 roles;
        State state;
        uint64 addedAt;
        uint64 stateSince;
        bytes32 successor;
        string name;
        string serviceUrl;
    }

    /// @notice A key of a member, in seconds since 1970, and what it is for (KeyPurpose); one storage slot.
    struct KeyRecord {
        uint64 validFrom;
        uint64 validUntil;
        uint64 compromisedFrom;
        uint8 purposes;
    }

    /// @notice A validator; admitted now when admittedAt is not zero and removedAt is.
    struct Validator {
        bytes32 member;
        uint64 admittedAt;
        uint64 removedAt;
    }

    /// @notice A member joined, and is active since addedAt.
    /// @dev Invariant: once for an id, before any other event of that id; the name never changes.
    event MemberAdded(bytes32 indexed id, uint8 roles, uint64 addedAt, string name, string serviceUrl);

    /// @notice The roles are these from this block on.
    event MemberRolesChanged(bytes32 indexed id, uint8 roles);

    /// @notice The state is this from this block on, whose time is `since`.
    /// @dev Invariant: a legal transition; nothing follows Left.
    event MemberStateChanged(bytes32 indexed id, State state, uint64 since);

    /// @notice Another member takes over the duties of this one; zero: none does. The last event counts.
    /// @dev Invariant: both are members, and they differ. Chains of successors are followed for eight steps.
    event MemberSuccessorChanged(bytes32 indexed id, bytes32 indexed successor);

    /// @notice Where the member's service is found from now on.
    event MemberServiceUrlChanged(bytes32 indexed id, string serviceUrl);

    /// @notice A member has a new key.
    /// @dev Invariant: once for a key, whatever the member; validFrom < validUntil; purposes are not empty.
    event KeyAdded(
        bytes32 indexed id, address indexed key, uint8 purposes, uint64 validFrom, uint64 validUntil
    );

    /// @notice A key ends earlier than it would have.
    /// @dev Invariant: block time <= validUntil < the end it had before: what the key did so far stays valid.
    event KeyEnded(bytes32 indexed id, address indexed key, uint64 validUntil);

    /// @notice A key is not to be trusted from that time on, which may lie in the past.
    /// @dev Invariant: the first for the key, or earlier than the one before.
    event KeyCompromised(bytes32 indexed id, address indexed key, uint64 compromisedFrom);

    /// @notice The council wants this address among the validators, as one of this member's.
    /// @dev Invariant: not admitted before; an address is of one member for ever.
    event ValidatorAdded(address indexed validator, bytes32 indexed member, uint64 admittedAt);

    /// @notice The council wants this address out.
    /// @dev Invariant: admitted before.
    event ValidatorRemoved(address indexed validator, bytes32 indexed member, uint64 removedAt);

    /// @notice Nobody but the council acts from now on, except for withdrawals and tombstones; or everybody does again.
    event MembersFrozenChanged(bool frozen);

    /// @notice A member id is not zero.
    error MemberIdZero();
    /// @notice The id is in use.
    error MemberExists(bytes32 id);
    /// @notice There is no such member.
    error MemberUnknown(bytes32 id);
    /// @notice The member is suspended or has left.
    error MemberNotActive(bytes32 id, State state);
    /// @notice The member has none of the roles that the action takes.
    error MemberLacksRole(bytes32 id, uint8 roleMask);
    /// @notice The mask has bits that are no role, or names none.
    error MemberRolesInvalid(bytes32 id, uint8 roles);
    /// @notice The state cannot follow the present one.
    error MemberTransitionIllegal(bytes32 id, State from, State to);
    /// @notice A member does not succeed itself.
    error MemberSuccessorInvalid(bytes32 id, bytes32 successor);
    /// @notice The key is not one of the member's that is valid now.
    error MemberKeyNotValid(address key);
    /// @notice The key is not for this.
    error MemberKeyLacksPurpose(address key, uint8 purpose);
    /// @notice The key belongs to no member.
    error MemberKeyUnknown(address key);
    /// @notice The zero address is no key.
    error MemberKeyZero();
    /// @notice The key belongs to a member, and does so for ever.
    error MemberKeyTaken(address key, bytes32 id);
    /// @notice A key is for something.
    error MemberKeyPurposesZero(address key);
    /// @notice The period is empty.
    error MemberKeyPeriodInvalid(address key, uint64 validFrom, uint64 validUntil);
    /// @notice The zero address is no validator.
    error ValidatorZero();
    /// @notice The address is a validator of this member now, or was one of another member.
    error ValidatorExists(address validator, bytes32 member);
    /// @notice The address is no validator now.
    error ValidatorUnknown(address validator);
    /// @notice The council has stopped everything.
    error MembersFrozen();

    /// @notice Adds an active member. Council only: who takes part is its decision. Gives.
    function addMember(bytes32 id, uint8 roles, string calldata name, string calldata serviceUrl) external;

    /// @notice Gives a member roles beside those it has. Refused for who has left. Council only. Gives.
    function addRoles(bytes32 id, uint8 roles) external;

    /// @notice Takes roles from a member; those it has not do not matter. Works in any state. Council only. Takes.
    function removeRoles(bytes32 id, uint8 roles) external;

    /// @notice Stops an active member. Council only. Takes.
    function suspend(bytes32 id) external;

    /// @notice Lets a suspended member act again. Council only. Gives.
    function reactivate(bytes32 id) external;

    /// @notice Ends an active or suspended member for good. Council only. Takes.
    function retire(bytes32 id) external;

    /// @notice Names the member that takes over, in any state; zero takes the name back. Council only. Gives: the
    /// successor's keys may revoke and erase what this member attested.
    function setSuccessor(bytes32 id, bytes32 successor) external;

    /// @notice Sets the service URL. Refused for who has left. Council only. Gives: others send their questions there.
    function setServiceUrl(bytes32 id, string calldata serviceUrl) external;

    /// @notice Gives a member a key. Refused for who has left. Council only. Gives.
    function addKey(bytes32 id, address key, uint8 purposes, uint64 validFrom, uint64 validUntil) external;

    /// @notice Ends a key at the later of `validUntil` and now (0: now). A key that ends by then stays as it is, so that a
    /// slow proposal succeeds. Works in any state of the member. Council only. Takes.
    function endKey(address key, uint64 validUntil) external;

    /// @notice Records from when a key is not to be trusted (0: now). A key that is not trusted from an earlier time on stays
    /// as it is. Works in any state of the member. Council only. Takes; a time before the proposal's opening waits, since it
    /// reaches what others rely on.
    function markCompromised(address key, uint64 from) external;

    /// @notice Admits a validator of an active member, also one that was removed. Council only. Gives.
    function addValidator(bytes32 id, address validator) external;

    /// @notice Removes a validator. Works in any state of the member. Council only. Takes; a second one within the delay
    /// waits, since whoever is left seals the blocks.
    function removeValidator(address validator) external;

    /// @notice Stops everybody, or lets everybody act again; twice the same does nothing. Council only. True takes, false
    /// gives.
    function setFrozen(bool frozen_) external;

    /// @notice The member that a key belongs to, whether valid or not; zero if none.
    function memberOf(address key) external view returns (bytes32);

    /// @notice The record of a member's key; zeros if it is not this member's.
    function keyRecord(bytes32 id, address key) external view returns (KeyRecord memory);

    /// @notice The member; State.None if there is no such member.
    function member(bytes32 id) external view returns (Member memory);

    /// @notice The record of a validator; zeros if the address never was one.
    function validatorRecord(address validator)
        external
        view
        returns (bytes32 id, uint64 admittedAt, uint64 removedAt);

    /// @notice Whether `id` is reached from `predecessor` by one to eight steps from member to successor.
    function isSuccessor(bytes32 id, bytes32 predecessor) external view returns (bool);

    /// @notice Whether the council has stopped everything.
    function frozen() external view returns (bool);

    /// @notice Reverts with MembersFrozen while the council has stopped everything.
    function requireNotFrozen() external view;

    /// @notice Reverts unless the members are not frozen, the member is active, has at least one role of the mask, and the
    /// key is its, is valid now and has at least one purpose of the mask. The checks come in this order.
    function requireActor(bytes32 id, address key, uint8 roleMask, uint8 purpose) external view;

    /// @notice The member that the key acts for now; reverts as requireActor does, and for a key of nobody.
    function actorOf(address key, uint8 roleMask, uint8 purpose) external view returns (bytes32 id);
}
